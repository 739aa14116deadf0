# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Chains of frames, rays of cameras."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audio_manifold_ros.calibration.camera.camera_rays import camera_rays
from audio_manifold_ros.common.errors import RigError
from audio_manifold_ros.rig.camera import CameraCalibration, CameraModel
from audio_manifold_ros.rig.extrinsics import Extrinsics, Transform
from audio_manifold_ros.rig.rotation import roll_pitch_yaw, rotation_matrix
from audio_manifold_ros.rig.transform_chain import find_optical_transform, pose_in_root

RIG = Extrinsics(
    (
        Transform('base_link', 'mast', (1.0, 0.0, 0.0), (0.0, 0.0, math.pi / 2)),
        Transform('mast', 'camera_link', (2.0, 0.0, 0.5), (0.0, 0.0, 0.0)),
        Transform('camera_link', 'camera_optical_frame', (0.0, 0.0, 0.0), (-math.pi / 2, 0.0, -math.pi / 2)),
    ),
    0.0,
)


def test_poses_follow_the_chain() -> None:
    pose = pose_in_root(RIG, 'camera_optical_frame')
    assert pose.translation_m == pytest.approx([1, 2, 0.5])
    # What the camera sees ahead is to the left of the car.
    assert pose.rotation @ [0, 0, 1] == pytest.approx([0, 1, 0], abs=1e-9)
    back = pose.inverse().compose(pose)
    assert back.rotation == pytest.approx(np.eye(3))
    assert back.translation_m == pytest.approx([0, 0, 0], abs=1e-9)
    assert pose_in_root(RIG, 'base_link').rotation == pytest.approx(np.eye(3))


def test_there_is_one_optical_frame() -> None:
    assert find_optical_transform(RIG).parent == 'camera_link'
    with pytest.raises(RigError, match='optical'):
        find_optical_transform(Extrinsics(RIG.transforms[:2], 0.0))


@settings(deadline=None, max_examples=60)
@given(st.floats(-3, 3), st.floats(-1.57, 1.57), st.floats(-3, 3))
def test_angles_are_those_of_the_matrix(roll: float, pitch: float, yaw: float) -> None:
    rotation = rotation_matrix((roll, pitch, yaw))
    assert rotation_matrix(roll_pitch_yaw(rotation)) == pytest.approx(rotation, abs=1e-6)


@pytest.mark.parametrize(
    ('model', 'distortion'), [('plumb_bob', (-0.2, 0.05, 0.001, 0.0, 0.0)), ('equidistant', (0.05, -0.01, 0.0, 0.0))]
)
def test_rays_meet_the_points_that_the_camera_sees(model: str, distortion: tuple[float, ...]) -> None:
    camera = CameraCalibration(CameraModel(640, 480, 500.0, 505.0, 320.0, 240.0), '', model, distortion)
    points = np.array([[0.3, -0.2, 2.0], [-1.0, 0.4, 3.0], [0.0, 0.0, 1.0]])
    matrix = np.array([[500.0, 0, 320], [0, 505.0, 240], [0, 0, 1]])
    project = cv2.fisheye.projectPoints if model == 'equidistant' else cv2.projectPoints
    pixels = np.asarray(
        project(points[:, None], np.zeros(3), np.zeros(3), matrix, np.array(distortion))[0], dtype=np.float64
    )
    rays = camera_rays(camera, pixels.reshape(-1, 2))
    assert rays == pytest.approx(points / np.linalg.norm(points, axis=1, keepdims=True), abs=1e-5)
