# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from audio_manifold_ros.common.class_ids import CAR
from audio_manifold_ros.common.errors import TrainingError
from audio_manifold_ros.features.array_geometry import ArrayGeometry
from audio_manifold_ros.features.spatial_batch import spatial_features
from audio_manifold_ros.features.spatial_spec import SpatialFeatureSpec
from audio_manifold_ros.features.spec import FeatureSpec
from audio_manifold_ros.modalities.vehicle_observation import VehicleObservation
from audio_manifold_ros.simulation.rig_parts import load_rig
from tests.features.spatial_cases import SPECS
from training.config.data_configuration import DataConfig
from training.config.experiment_configuration import TrainingConfig
from training.config.fit_configuration import AugmentConfig
from training.data.data_module import Batch
from training.data.mirror import mirror_features, mirror_some
from training.data.vehicle_arrays import to_positions, to_row

SPEC = SPECS['odd_window']
LEFT_TO_RIGHT = np.diag([1.0, -1.0, 1.0])


def batch_of(windows: int) -> Batch:
    features = torch.arange(windows * SPEC.size, dtype=torch.float32).reshape(windows, SPEC.size)
    images = torch.arange(windows * 12, dtype=torch.float32).reshape(windows, 3, 4)
    return Batch(
        features=features,
        depth_m=images,
        labels=images.to(torch.uint8),
        normals=images[..., None].expand(-1, -1, -1, 3),
    )


@pytest.mark.parametrize('name', SPECS)
def test_mirrored_features_are_those_of_the_mirrored_array(name: str) -> None:
    spec = SPECS[name]
    rng = np.random.default_rng(5)
    rig = load_rig()
    azimuths = ArrayGeometry.from_parts(rig.array, rig.camera.model, rig.extrinsics, spec).azimuths_rad
    positions = rng.normal(0, 0.2, (5, 3))
    audio = rng.normal(0, 0.1, (5, spec.window_samples)).astype(np.float32)
    audio[1:] += 0.3 * audio[:1]
    active = np.ones(5, dtype=bool)
    original = spatial_features(audio, ArrayGeometry(positions, azimuths, active), spec)
    expected = spatial_features(audio, ArrayGeometry(positions @ LEFT_TO_RIGHT, azimuths, active), spec)
    mirrored = mirror_features(torch.from_numpy(original)[None], spec)[0].numpy()
    np.testing.assert_allclose(mirrored, expected, atol=2e-3)
    assert np.abs(original - expected).max() > 0.05


def test_mirroring_twice_gives_the_window_again() -> None:
    features = torch.randn(3, SPEC.size)
    torch.testing.assert_close(mirror_features(mirror_features(features, SPEC), SPEC), features, rtol=0, atol=0)


def test_images_are_mirrored_with_their_features_and_normals_change_sign() -> None:
    torch.manual_seed(3)
    batch = batch_of(200)
    changed = mirror_some(batch, 0.5, SPEC)
    is_mirrored = (changed['features'] != batch['features']).any(dim=1)
    assert 60 < int(is_mirrored.sum()) < 140
    for name, axis in (('depth_m', 1), ('labels', 1)):
        values, expected = changed[name], batch[name].flip(axis + 1)  # type: ignore[literal-required]
        torch.testing.assert_close(values[is_mirrored], expected[is_mirrored], rtol=0, atol=0)
        torch.testing.assert_close(values[~is_mirrored], batch[name][~is_mirrored], rtol=0, atol=0)  # type: ignore[literal-required]
    flipped = batch['normals'].flip(2)[is_mirrored]
    torch.testing.assert_close(changed['normals'][is_mirrored][..., 0], -flipped[..., 0])
    torch.testing.assert_close(changed['normals'][is_mirrored][..., 1:], flipped[..., 1:])


def test_vehicles_change_sides_and_the_directions_of_a_symmetric_camera_stay() -> None:
    rig = load_rig()
    azimuths = ArrayGeometry.from_parts(rig.array, rig.camera.model, rig.extrinsics, SPEC).azimuths_rad
    table = torch.from_numpy(to_row([VehicleObservation(CAR, 0.4, 8.0, True, 3.0)]))[None]
    batch = Batch(features=batch_of(1)['features'], vehicles=table, azimuths=torch.from_numpy(azimuths)[None])
    mirrored = mirror_some(batch, 1.0, SPEC)
    assert to_positions(mirrored['vehicles'][0].numpy()) == to_positions(
        to_row([VehicleObservation(CAR, -0.4, 8.0, True, 3.0)])
    )
    difference = mirrored['azimuths'] - batch['azimuths']
    torch.testing.assert_close(difference.cos(), torch.ones_like(difference))


def test_mel_features_cannot_be_mirrored() -> None:
    config = TrainingConfig.from_yaml('training/configs/spatial.yaml')
    assert isinstance(config.data.features, SpatialFeatureSpec)
    data = DataConfig(drives='data/street', features=FeatureSpec())
    with pytest.raises(TrainingError, match=r'augment\.mirror is 0\.5 with mel features'):
        replace(config, data=data, augment=AugmentConfig(mirror=0.5))
