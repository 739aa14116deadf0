# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from audio_manifold_ros.common.resource_paths import resource_path
from audio_manifold_ros.nodes.perception.camera_mount import CameraMount
from audio_manifold_ros.rig.extrinsics import Extrinsics, Transform

RIG = resource_path('calibration/roof_octagon')


@pytest.mark.parametrize(
    ('camera_frame', 'prefix', 'root', 'scan'),
    [
        ('camera_optical_frame', '', 'base_link', 'camera_scan_frame'),
        ('left/camera_optical_frame', '', 'left/base_link', 'left/camera_scan_frame'),
        ('eye', '', 'base_link', 'eye_scan_frame'),
        ('front_camera_optical_frame', '', 'base_link', 'front_camera_scan_frame'),
        ('car_1/camera_optical_frame', 'car_1/', 'car_1/base_link', 'car_1/camera_scan_frame'),
        ('car_1_camera_optical_frame', 'car_1_', 'car_1_base_link', 'car_1_camera_scan_frame'),
        ('car_1/eye', 'car_1/', 'car_1/base_link', 'car_1/eye_scan_frame'),
    ],
)
def test_a_prefix_of_the_camera_frame_is_that_of_all_frames(
    camera_frame: str, prefix: str, root: str, scan: str
) -> None:
    mount = CameraMount.from_rig(RIG, camera_frame, prefix)
    assert (mount.root_frame, mount.scan_frame) == (root, scan)
    np.testing.assert_allclose(mount.optical_in_root.translation_m, (0.4, 0.0, 1.5))
    # The camera has z forward, x to the right and y down.
    np.testing.assert_allclose(mount.optical_in_root.rotation, [[0, 0, 1], [-1, 0, 0], [0, -1, 0]], atol=1e-7)


def test_a_rig_without_a_camera_has_no_mount(tmp_path: Path) -> None:
    assert CameraMount.from_rig(tmp_path, 'camera_optical_frame') is None
    array = Transform('base_link', 'mic_array_link', (0.0, 0.0, 1.7), (0.0, 0.0, 0.0))
    (tmp_path / 'extrinsics.yaml').write_text(Extrinsics((array,), 0.0).to_text(), encoding='utf-8')
    assert CameraMount.from_rig(tmp_path, 'camera_optical_frame') is None
