# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import math

import numpy as np
import pytest

from audio_manifold_ros.common.resource_paths import resource_path
from audio_manifold_ros.rig.extrinsics import Extrinsics, Transform
from audio_manifold_ros.rig.rig import MicrophoneArray
from audio_manifold_ros.rig.rig_frames import rig_frames
from audio_manifold_ros.rig.rotation import rotation_matrix
from audio_manifold_ros.rig.scan_frame import scan_frame, scan_frame_name
from audio_manifold_ros.rig.transform_chain import pose_in_root

OPTICAL = Transform('camera_link', 'camera_optical_frame', (0.0, 0.0, 0.0), (-math.pi / 2, 0.0, -math.pi / 2))


@pytest.mark.parametrize('rpy', [(0.0, 0.0, 0.0), (0.1, 0.3, -2.0), (0.0, -0.2, 3.0)])
def test_the_frame_is_level_at_the_camera_and_faces_as_it(rpy: tuple[float, float, float]) -> None:
    camera = Transform('base_link', 'camera_link', (0.4, -0.1, 1.5), rpy)
    extrinsics = Extrinsics((camera, OPTICAL), 0.0)
    frame = scan_frame(extrinsics)
    assert (frame.parent, frame.child) == ('base_link', 'camera_scan_frame')
    np.testing.assert_allclose(frame.translation_m, (0.4, -0.1, 1.5), atol=1e-12)
    axes = rotation_matrix(frame.rotation_rpy_rad)
    np.testing.assert_allclose(axes[:, 2], (0, 0, 1), atol=1e-12)
    view = pose_in_root(extrinsics, 'camera_optical_frame').rotation[:, 2]
    assert view @ axes[:, 1] == pytest.approx(0, abs=1e-12)
    assert view @ axes[:, 0] > 0


def test_the_name_follows_that_of_the_optical_frame() -> None:
    assert scan_frame_name('front/left_optical_frame') == 'front/left_scan_frame'
    assert scan_frame_name('eye') == 'eye_scan_frame'


def test_a_scan_frame_of_the_extrinsics_is_kept() -> None:
    array = MicrophoneArray.from_yaml(resource_path('calibration/roof_octagon') / 'mic_array.yaml')
    shipped = Extrinsics.from_yaml(resource_path('calibration/roof_octagon') / 'extrinsics.yaml')
    own = Transform('base_link', 'camera_scan_frame', (0.0, 0.0, 0.3), (0.0, 0.0, 0.0))
    frames = rig_frames(array, Extrinsics((*shipped.transforms, own), 0.0))
    assert [frame for frame in frames if frame.child == 'camera_scan_frame'] == [own]
