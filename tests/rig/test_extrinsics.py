# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

from pathlib import Path

import pytest

from audio_manifold_ros.common.errors import RigError
from audio_manifold_ros.common.resource_paths import resource_path
from audio_manifold_ros.rig.extrinsics import Extrinsics, Transform

GOOD = """schema_version: 1
transforms:
  - parent: base_link
    child: camera_link
    translation_m: [1, 2, 3]
    rotation_rpy_rad: [0, 0, 0.5]
audio_time_offset_s: 0.02
"""


def test_reads_transforms(tmp_path: Path) -> None:
    path = tmp_path / 'extrinsics.yaml'
    path.write_text(GOOD)
    extrinsics = Extrinsics.from_yaml(path)
    assert extrinsics.transform('camera_link') == Transform('base_link', 'camera_link', (1, 2, 3), (0, 0, 0.5))
    assert extrinsics.audio_time_offset_s == 0.02
    with pytest.raises(RigError, match='lidar_link'):
        extrinsics.transform('lidar_link')


def test_the_shipped_rig_reaches_array_and_camera() -> None:
    extrinsics = Extrinsics.from_yaml(resource_path('calibration/roof_octagon/extrinsics.yaml'))
    assert extrinsics.transform('mic_array_link').parent == 'base_link'
    assert extrinsics.transform('camera_optical_frame').parent == 'camera_link'


@pytest.mark.parametrize(
    ('old', 'new', 'named'),
    [
        ('schema_version: 1', 'schema_version: 9', 'schema_version is 9'),
        ('    child: camera_link\n', '', 'child'),
        ('[1, 2, 3]', '[1, 2]', 'translation_m'),
        ('[1, 2, 3]', '[1, 2, up]', 'up'),
        ('audio_time_offset_s: 0.02', 'audio_time_offset_s: soon', 'soon'),
        ('transforms:', 'transforms: {', 'Cannot read'),
        ('schema_version: 1', 'schema_version: 2026-99-99', "schema_version is '2026-99-99': give 1"),
    ],
)
def test_a_wrong_file_is_refused_by_name(tmp_path: Path, old: str, new: str, named: str) -> None:
    path = tmp_path / 'extrinsics.yaml'
    path.write_text(GOOD.replace(old, new))
    with pytest.raises(RigError) as caught:
        Extrinsics.from_yaml(path)
    assert named in str(caught.value)
