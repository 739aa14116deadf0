# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The geometry of the spatial features: positions and azimuths from the files of a rig."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from audio_manifold_ros.common.errors import FeatureError
from audio_manifold_ros.datasets.rig_files import RigFiles
from audio_manifold_ros.features.array_geometry import ArrayGeometry
from audio_manifold_ros.features.spatial_spec import SpatialFeatureSpec
from audio_manifold_ros.rig.extrinsics import Extrinsics, Transform

RIGS = Path(__file__).parents[2] / 'calibration'
SPEC = SpatialFeatureSpec()
OCTAGON = RigFiles.from_folder(RIGS / 'roof_octagon')
RIGHT = np.pi / 2


def geometry(rig: RigFiles, **rotations: tuple[float, float, float]) -> ArrayGeometry:
    """Return the geometry of a rig, with other rotations of some frames."""
    extrinsics = rig.transforms()
    transforms = [
        replace(transform, rotation_rpy_rad=rotations.get(transform.child, transform.rotation_rpy_rad))
        for transform in extrinsics.transforms
    ]
    return ArrayGeometry.from_parts(
        rig.array(), rig.camera_model(), replace(extrinsics, transforms=tuple(transforms)), SPEC
    )


@pytest.mark.parametrize('rig', sorted(path.name for path in RIGS.iterdir() if (path / 'mic_array.yaml').exists()))
def test_every_rig_of_the_project(rig: str) -> None:
    found = ArrayGeometry.from_rig(RigFiles.from_folder(RIGS / rig), SPEC)
    assert found.azimuths_rad.shape == (64,)
    assert np.abs(found.positions_m[found.active].mean(axis=0)).max() < 1e-9
    image, all_round = found.azimuths_rad[:48], np.unwrap(found.azimuths_rad)
    assert (np.diff(image) < 0).all()
    assert (np.diff(all_round) < 0).all()
    assert all_round[0] - all_round[-1] < 2 * np.pi
    np.testing.assert_allclose(np.diff(all_round[47:]), np.diff(all_round[47:])[0])


def test_azimuths_are_those_of_the_columns() -> None:
    found = geometry(OCTAGON)
    camera = OCTAGON.camera_model()
    columns = camera.cx - camera.fx * np.tan(found.azimuths_rad[:48])
    centres = np.arange(128).reshape(-1, 8).mean(axis=1)  # 16 groups of 8 columns, each of 3 azimuths
    np.testing.assert_allclose(columns.reshape(-1, 3).mean(axis=1), centres, atol=1e-4)
    assert np.degrees(found.azimuths_rad[0]) == pytest.approx(49.4, abs=0.2)


def test_a_turned_camera_turns_the_azimuths() -> None:
    ahead = geometry(OCTAGON).azimuths_rad
    left = geometry(OCTAGON, camera_link=(0.0, 0.0, RIGHT)).azimuths_rad
    np.testing.assert_allclose(np.exp(1j * left), np.exp(1j * (ahead + RIGHT)), atol=1e-7)


def test_a_tilted_camera_has_the_azimuths_of_its_rays() -> None:
    ahead, down = geometry(OCTAGON).azimuths_rad, geometry(OCTAGON, camera_link=(0.0, 0.5, 0.0)).azimuths_rad
    np.testing.assert_allclose(np.tan(down[:48]) * np.cos(0.5), np.tan(ahead[:48]), atol=1e-6)


def test_a_turned_array_turns_the_positions() -> None:
    ahead, left = geometry(OCTAGON).positions_m, geometry(OCTAGON, mic_array_link=(0.0, 0.0, RIGHT)).positions_m
    np.testing.assert_allclose(left, np.stack([-ahead[:, 1], ahead[:, 0], ahead[:, 2]], axis=1), atol=1e-7)


def test_a_disabled_microphone_is_not_active_and_does_not_move_the_centre() -> None:
    array = OCTAGON.array()
    microphones = tuple(replace(mic, enabled=i != 2) for i, mic in enumerate(array.microphones))
    found = ArrayGeometry.from_parts(
        replace(array, microphones=microphones), OCTAGON.camera_model(), OCTAGON.transforms(), SPEC
    )
    assert found.active.tolist() == [True, True, False, True, True, True, True, True]
    others = np.delete(array.positions_m, 2, axis=0)
    np.testing.assert_allclose(np.delete(found.positions_m, 2, axis=0), others - others.mean(axis=0), atol=1e-12)


def test_refuses_a_camera_without_an_order_of_columns() -> None:
    for rotation in ((0.0, RIGHT, 0.0), (np.pi, 0.0, 0.0)):
        with pytest.raises(FeatureError, match='do not go from left to right'):
            geometry(OCTAGON, camera_link=rotation)


def test_refuses_bad_values() -> None:
    good = geometry(OCTAGON)
    for change, message in (
        ({'positions_m': np.zeros((8, 2))}, r'positions_m has shape \(8, 2\)'),
        ({'positions_m': np.full((8, 3), np.nan)}, 'positions_m is'),
        ({'positions_m': np.full((8, 3), 30.0)}, '20.0 m'),
        ({'azimuths_rad': np.full(64, np.inf)}, 'azimuths_rad'),
        ({'active': np.ones(7, dtype=bool)}, r'give bool \(8,\)'),
        ({'active': np.ones(8)}, r'give bool \(8,\)'),
        ({'active': np.zeros(8, dtype=bool)}, 'no microphone is left'),
    ):
        with pytest.raises(FeatureError, match=message):
            replace(good, **change)
    with pytest.raises(FeatureError, match='no microphone is left'):
        replace(good, active=np.arange(8) == 0).with_active(np.arange(8) == 1)


def test_the_camera_may_hang_on_the_array() -> None:
    optical = Transform('mic_array_link', 'camera_optical_frame', (0.1, 0.0, 0.0), (-RIGHT, 0.0, -RIGHT))
    array = Transform('base_link', 'mic_array_link', (0.0, 0.0, 1.7), (0.0, 0.0, 0.0))
    extrinsics = Extrinsics((array, optical), 0.0)
    found = ArrayGeometry.from_parts(OCTAGON.array(), OCTAGON.camera_model(), extrinsics, SPEC)
    np.testing.assert_allclose(found.azimuths_rad, geometry(OCTAGON).azimuths_rad, atol=1e-6)
