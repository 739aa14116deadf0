# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

from pathlib import Path

import pytest

from audio_manifold_ros.common.errors import RigError
from audio_manifold_ros.common.resource_paths import resource_path
from audio_manifold_ros.rig.camera import CameraModel

GOOD = 'image_width: 64\nimage_height: 32\ncamera_matrix:\n  data: [50, 0, 31.5, 0, 60, 15.5, 0, 0, 1]\n'


def test_reads_the_pinhole(tmp_path: Path) -> None:
    path = tmp_path / 'camera.yaml'
    path.write_text(GOOD)
    assert CameraModel.from_yaml(path) == CameraModel(64, 32, 50.0, 60.0, 31.5, 15.5)


def test_the_shipped_camera_sees_a_hundred_by_fifty_degrees() -> None:
    camera = CameraModel.from_yaml(resource_path('calibration/roof_octagon/camera.yaml'))
    assert camera.fx == pytest.approx(64 / 1.191754, rel=1e-4)
    assert camera.fy == pytest.approx(64 / 0.466308, rel=1e-4)


@pytest.mark.parametrize(
    ('old', 'new', 'named'),
    [
        ('50, ', '-50, ', '-50.0'),
        ('image_width: 64', 'image_width: 0', 'image_width is 0'),
        ('image_width: 64\n', '', 'image_width'),
        ('50, 0', 'fifty, 0', 'fifty'),
        (', 0, 0, 1]', ']', 'camera_matrix.data'),
        ('  data: [50, 0, 31.5, 0, 60, 15.5, 0, 0, 1]', '  data: 3', 'camera_matrix.data'),
        ('image_width: 64', 'image_width: [', 'Cannot read'),
        ('image_width: 64', 'image_width: 2026-99-99', "image_width is '2026-99-99': give an integer"),
    ],
)
def test_a_wrong_file_is_refused_by_name(tmp_path: Path, old: str, new: str, named: str) -> None:
    path = tmp_path / 'camera.yaml'
    path.write_text(GOOD.replace(old, new))
    with pytest.raises(RigError) as caught:
        CameraModel.from_yaml(path)
    assert named in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(RigError, match=r'absent\.yaml'):
        CameraModel.from_yaml(tmp_path / 'absent.yaml')
