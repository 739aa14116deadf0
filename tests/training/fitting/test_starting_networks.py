# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Folders with the starting weights of a joint fit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from audio_manifold_ros.common.errors import TrainingError
from audio_manifold_ros.features.spatial_spec import SpatialFeatureSpec
from audio_manifold_ros.networks.perception_network import PerceptionConfig, PerceptionNetwork
from training.config.experiment_configuration import TrainingConfig
from training.fitting.starting_networks import load_start

ROOT = Path(__file__).parents[3]
ONE_SECOND = ROOT / 'models' / 'street_now'
CONFIGS = ROOT / 'training' / 'configs'


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


def street_with(**features: object) -> tuple[TrainingConfig, PerceptionConfig]:
    config = TrainingConfig.from_yaml(CONFIGS / 'street_one_second.yaml')
    default = config.data.features
    assert isinstance(default, SpatialFeatureSpec)
    spec = replace(default, **features)  # type: ignore[arg-type]  # names of its fields
    assert config.spatial is not None
    spatial = replace(config.spatial, steered=spec.steered_shape)
    config = replace(config, data=replace(config.data, features=spec), spatial=spatial)
    return config, config.perception


def predicted(network: PerceptionNetwork, features: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        return network.eval().images(features)['depth']


def test_parts_of_a_band_share_its_weights() -> None:
    config, expected = street_with()
    edges = SpatialFeatureSpec().band_edges_hz
    finer_config, finer = street_with(band_edges_hz=(120, 200, 250, *edges[1:3], 900, *edges[3:]))
    coarse_start = load_start(ONE_SECOND, config, expected)
    start = load_start(ONE_SECOND, finer_config, finer)
    assert start.has_other_features
    assert not coarse_start.has_other_features
    window = torch.randn(3, SpatialFeatureSpec().size, generator=torch.manual_seed(1))
    place, shape = SpatialFeatureSpec().blocks['steered']
    steered = window[:, place].reshape(3, *shape)
    repeated = steered[:, [0, 0, 0, 1, 2, 2, 3, 4, 5]].flatten(1)
    finer_window = torch.cat([window[:, : place.start], repeated, window[:, place.stop :]], dim=1)
    torch.testing.assert_close(
        predicted(start.network, finer_window), predicted(coarse_start.network, window), rtol=1e-4, atol=1e-5
    )


def test_networks_start_with_another_whitening_and_more_segments() -> None:
    start = load_start(
        ONE_SECOND, *street_with(whitening=1.0, echo_whitening=0.85, window_samples=40_932, echo_segments=4)
    )
    assert start.has_other_features


@pytest.mark.parametrize(
    'features',
    [
        {'band_edges_hz': (120.0, 300.0, 5000.0)},
        {'band_edges_hz': (*SpatialFeatureSpec().band_edges_hz, 8000.0)},
        {'echo_lags_ms': (9, 97)},
    ],
)
def test_maps_of_other_places_are_refused(features: dict[str, object]) -> None:
    config, expected = street_with(**features)
    with pytest.raises(TrainingError, match='make them equal'):
        load_start(ONE_SECOND, config, expected)
