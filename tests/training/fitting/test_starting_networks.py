# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Folders with the starting weights of a joint fit."""

from __future__ import annotations

from pathlib import Path

import pytest

from audio_manifold_ros.common.errors import TrainingError
from audio_manifold_ros.networks.perception_network import PerceptionConfig
from training.config.experiment_configuration import TrainingConfig
from training.fitting.starting_networks import load_start

CONFIGS = Path(__file__).parents[3] / 'training' / 'configs'


@pytest.mark.parametrize(
    ('folder', 'remedy'),
    [
        ('runs/street_one_stage/seed{seed}', 'the fit has no seed: run it with audio-manifold train run --seed'),
        ('runs/nothing', 'give the folder of a bundle, or the output folder of a finished run'),
    ],
)
def test_a_folder_without_networks_is_refused_with_the_remedy(tmp_path: Path, folder: str, remedy: str) -> None:
    config = TrainingConfig.from_yaml(CONFIGS / 'spatial_vq.yaml')
    expected = PerceptionConfig(manifolds=dict(config.manifolds), spatial=config.spatial)
    with pytest.raises(TrainingError, match=remedy):
        load_start(tmp_path / folder, config, expected)
