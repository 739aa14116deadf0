# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audio_manifold_ros.calibration.commands.cli import main
from audio_manifold_ros.common.errors import RigError
from audio_manifold_ros.common.resource_paths import resource_path
from audio_manifold_ros.rig.rig_folder_diff import folder_difference
from audio_manifold_ros.rig.rotation import angle_between_deg, rotation_matrix

OCTAGON = resource_path('calibration/roof_octagon')
angles = st.tuples(*[st.floats(-3, 3)] * 3)


@pytest.fixture
def other(tmp_path: Path) -> Path:
    folder = tmp_path / 'other'
    shutil.copytree(OCTAGON, folder)
    return folder


def edit(folder: Path, file: str, old: str, new: str) -> None:
    text = (folder / file).read_text()
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1))


@pytest.mark.parametrize(
    ('file', 'old', 'new', 'line'),
    [
        ('mic_array.yaml', 'array_id: roof_octagon', 'array_id: van', 'array_id: roof_octagon → van'),
        ('mic_array.yaml', '[0.5000, 0.0000, 0.0]', '[0.5000, 0.0300, 0.0]', 'mic_0: moved by 3.0 cm'),
        ('mic_array.yaml', 'polarity: 1', 'polarity: -1', 'mic_0: polarity 1 → -1'),
        ('camera.yaml', 'camera_name: front', 'camera_name: rear', 'name: front → rear'),
        ('camera.yaml', '[53.7024', '[60.0', 'fx: 53.7024 → 60.0'),
        ('extrinsics.yaml', '[0.4, 0.0, 1.5]', '[0.4, 0.2, 1.5]', 'camera_link: moved by 20.0 cm'),
        ('extrinsics.yaml', '[-1.5707963, 0.0', '[-1.5707963, 0.1', 'camera_optical_frame: turned by 5.7°'),
        ('extrinsics.yaml', 'offset_s: 0.0', 'offset_s: 0.04', 'audio_time_offset_s: 0.0 → 0.04'),
        ('extrinsics.yaml', 'parent: base_link', 'parent: roof', 'mic_array_link: parent base_link → roof'),
        ('depth.yaml', 'max_m: 1000.0', 'max_m: 60.0', 'max_m: 1000.0 → 60.0'),
    ],
)
def test_every_difference_has_a_line(other: Path, file: str, old: str, new: str, line: str) -> None:
    edit(other, file, old, new)
    assert folder_difference(OCTAGON, other) == {file: (line,)}


def test_comments_are_ignored_and_missing_files_are_listed(other: Path) -> None:
    edit(other, 'mic_array.yaml', '# Eight', '# Six and two')
    assert folder_difference(OCTAGON, other) == {}
    (other / 'depth.yaml').unlink()
    assert folder_difference(OCTAGON, other) == {'depth.yaml': ('file: there → none',)}
    (other / 'camera.yaml').unlink()
    assert folder_difference(other, OCTAGON) == {
        'camera.yaml': ('file: none → there',),
        'depth.yaml': ('file: none → there',),
    }
    (other / 'mic_array.yaml').unlink()
    with pytest.raises(RigError, match=r'mic_array\.yaml'):
        folder_difference(OCTAGON, other)


@settings(deadline=None, max_examples=40)
@given(first=angles, second=angles)
def test_the_angle_is_that_of_the_rotation_between(
    first: tuple[float, float, float], second: tuple[float, float, float]
) -> None:
    one, other = rotation_matrix(first), rotation_matrix(second)
    np.testing.assert_allclose(one @ one.T, np.eye(3), atol=1e-12)
    cosine = np.clip((np.trace(one.T @ other) - 1) / 2, -1, 1)
    assert angle_between_deg(first, second) == pytest.approx(np.degrees(np.arccos(cosine)), abs=1e-5)


def test_small_angles_are_accurate() -> None:
    assert angle_between_deg((0.0, 0.0, 1.0), (0.0, 0.0, 1.0 + 1e-6)) == pytest.approx(np.degrees(1e-6), rel=1e-3)


def test_the_exit_status_reports_a_difference(other: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(['diff', str(OCTAGON), str(other)]) == 0
    assert 'have the same values' in capsys.readouterr().out
    edit(other, 'mic_array.yaml', 'gain_db: 0.0', 'gain_db: 2.5')
    assert main(['diff', str(OCTAGON), str(other)]) == 1
    assert capsys.readouterr().out.splitlines() == ['mic_array.yaml', '  mic_0: gain +2.50 dB']
    assert main(['diff', str(OCTAGON), str(other / 'nowhere')]) == 2
