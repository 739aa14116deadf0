# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Poses of array and camera follow the frames of the rig. Poses that cannot be simulated are refused."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from audio_manifold_ros.common.errors import RigError, SimulationError
from audio_manifold_ros.common.resource_paths import resource_path
from audio_manifold_ros.rig.extrinsics import Extrinsics, Transform
from audio_manifold_ros.simulation.sensor_poses import array_pose, camera_pose
from tests.simulation.street_examples import ARRAY

OCTAGON = Extrinsics.from_yaml(resource_path('calibration/roof_octagon/extrinsics.yaml'))
AHEAD = (-math.pi / 2, 0.0, -math.pi / 2)


def frames(*transforms: Transform) -> Extrinsics:
    return Extrinsics(transforms, 0.0)


def test_the_octagon_is_exactly_on_the_roof() -> None:
    pose, mount = array_pose(ARRAY, OCTAGON), camera_pose(OCTAGON)
    assert np.array_equal(pose.rotation, np.eye(3))
    assert pose.translation_m.tolist() == [0.0, 0.0, 1.7]
    assert mount.translation_m.tolist() == [0.4, 0.0, 1.5]
    assert mount.yaw_rad == 0.0


def test_intermediate_frames_are_used() -> None:
    extrinsics = frames(
        Transform('base_link', 'rack', (0.0, 1.0, 1.4), (0.0, 0.0, math.pi / 2)),
        Transform('rack', 'mic_array_link', (0.5, 0.0, 0.1), (0.0, 0.0, 0.0)),
        Transform('rack', 'front_optical_frame', (0.2, 0.0, 0.0), (-math.pi / 2, 0.0, -math.pi)),
    )
    pose, mount = array_pose(ARRAY, extrinsics), camera_pose(extrinsics)
    np.testing.assert_allclose(pose.translation_m, [0.0, 1.5, 1.5], atol=1e-12)
    np.testing.assert_allclose(pose.rotation @ [1.0, 0.0, 0.0], [0.0, 1.0, 0.0], atol=1e-12)
    np.testing.assert_allclose(mount.translation_m, [0.0, 1.2, 1.4], atol=1e-12)
    assert mount.yaw_rad == 0.0


def test_a_camera_may_be_turned_left() -> None:
    camera = Transform('base_link', 'camera_link', (0.4, 0.0, 1.5), (0.0, 0.0, 0.2))
    assert camera_pose(frames(camera, OCTAGON.transforms[2])).yaw_rad == pytest.approx(0.2)


@pytest.mark.parametrize(
    ('translation_m', 'rotation_rpy_rad', 'named'),
    [
        ((0.4, 0.0, 1.5), (0.0, 0.05, 0.0), 'pitched by 2.86°'),
        ((0.4, 0.0, 1.5), (-0.02, 0.0, 0.0), 'rolled by -1.15°'),
        ((0.4, 0.0, 0.0), (0.0, 0.0, 0.0), '0.00 m over the ground'),
    ],
)
def test_unsupported_camera_poses_are_refused(
    translation_m: tuple[float, float, float], rotation_rpy_rad: tuple[float, float, float], named: str
) -> None:
    camera = Transform('base_link', 'camera_link', translation_m, rotation_rpy_rad)
    with pytest.raises(SimulationError, match=named):
        camera_pose(frames(camera, OCTAGON.transforms[2]))


def test_microphones_below_the_ground_are_refused() -> None:
    # The right side of the array is lower than its centre.
    tilted = Transform('base_link', 'mic_array_link', (0.0, 0.0, 0.2), (0.6, 0.0, 0.0))
    with pytest.raises(SimulationError, match=r"Microphone 'mic_6' of array 'roof_octagon' is -0\.08 m over"):
        array_pose(ARRAY, frames(tilted))


def test_an_array_without_a_parent_frame_is_refused() -> None:
    with pytest.raises(RigError, match='mic_array_link'):
        array_pose(ARRAY, replace(OCTAGON, transforms=OCTAGON.transforms[1:]))
