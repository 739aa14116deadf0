# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import pytest

from audio_manifold_ros.common.errors import TrainingError
from training.config.experiment_configuration import TrainingConfig
from training.data.cache import open_cache
from training.experiment.provenance import PROVENANCE, check_provenance, describe_provenance
from training.fitting.checkpoints import BEST

CALIBRATION = {'logit_strength': 0.15, 'vehicles': {'slope': 2.37, 'offset': 2.11}}


@pytest.fixture
def expected(config: TrainingConfig) -> dict[str, Any]:
    for folder in (*config.manifold_folders, *config.audio_network_folders):
        folder.mkdir(parents=True)
        (folder / BEST).write_bytes(folder.name.encode())
    return describe_provenance(config, open_cache(config.data, progress=False), 'test', CALIBRATION)


def test_scores_of_the_same_networks_and_windows_are_accepted(expected: dict[str, Any]) -> None:
    assert sorted(expected['networks']) == ['manifold_depth', 'manifold_segmentation', 'transform_depth_segmentation']
    check_provenance({'windows': 3, PROVENANCE: expected}, expected, 'here')


@pytest.mark.parametrize(
    ('change', 'named'),
    [
        ({'split': 'validation'}, "split: 'validation'"),
        ({'windows_sha256': 'other'}, "windows_sha256: 'other'"),
        ({'networks': {'manifold_depth': 'other'}}, 'networks: '),
        ({'calibration': {**CALIBRATION, 'vehicles': None}}, 'calibration: '),
        ({'calibration': None}, 'calibration: None'),
    ],
)
def test_other_scores_are_refused(expected: dict[str, Any], change: dict[str, Any], named: str) -> None:
    with pytest.raises(TrainingError, match=f'^here: .*{named}.*--split test'):
        check_provenance({PROVENANCE: {**expected, **change}}, expected, 'here')


def test_scores_without_provenance_are_refused(expected: dict[str, Any]) -> None:
    with pytest.raises(TrainingError, match='split: None'):
        check_provenance({'windows': 3}, expected, 'here')


def test_an_unfitted_network_has_no_provenance(config: TrainingConfig) -> None:
    with pytest.raises(TrainingError, match=r'manifold_depth/best\.ckpt.*Fit the network first'):
        describe_provenance(config, open_cache(config.data, progress=False), 'test', CALIBRATION)
