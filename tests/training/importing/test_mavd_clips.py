# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Index of MAVD clips: one complete clip for each instant, and reports of what is left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from audio_manifold_ros.common.errors import TrainingError
from training.importing.mavd_clips import DUPLICATE, FOREIGN, INCOMPLETE, NO_AUDIO, index_clips

DRIVE = 'drive_day_2020_05_21_20_07_12'


def touch(drive: Path, name: str, microphones: str = '01234567', *, picture: bool = True) -> None:
    (drive / 'audio').mkdir(parents=True, exist_ok=True)
    (drive / 'fl_rgb').mkdir(exist_ok=True)
    for microphone in microphones:
        (drive / 'audio' / f'audio_{microphone}_{name}.mp3').touch()
    if picture:
        (drive / 'fl_rgb' / f'fl_rgb_{name}.jpg').touch()


def test_one_code_of_each_instant_is_kept_and_the_others_are_counted(tmp_path: Path) -> None:
    drive = tmp_path / DRIVE
    for name in ('10_5_3', '10_5_0', '10_5_1', '9_999_2', '9_999', '10_000000007_4'):
        touch(drive, name)
    touch(drive, '10_7', microphones='')
    found = index_clips(drive)
    assert [clip.name.text for clip in found.clips] == ['9_999', '10_5_0', '10_000000007_4']
    assert [clip.name.stamp_ns for clip in found.clips] == [9_000_000_999, 10_000_000_005, 10_000_000_007]
    assert found.clips[1].aliases == ('10_5_0', '10_5_1', '10_5_3')
    assert found.clips[2].aliases == ('10_000000007_4', '10_7')
    assert [path.name for path in found.clips[1].files] == [f'audio_{number}_10_5_0.mp3' for number in range(8)]
    assert found.skipped == {DUPLICATE: ('9_999_2', '10_5_1', '10_5_3')}


def test_a_complete_code_is_preferred_to_an_incomplete_one(tmp_path: Path) -> None:
    drive = tmp_path / DRIVE
    touch(drive, '10_5_0', microphones='0123456')
    touch(drive, '10_5_2')
    touch(drive, '11_5_0', microphones='01234')
    touch(drive, '11_5_1', microphones='567')
    found = index_clips(drive)
    assert [clip.name.text for clip in found.clips] == ['10_5_2']
    assert found.skipped == {DUPLICATE: ('10_5_0',), INCOMPLETE: ('11_5_0', '11_5_1')}


def test_pictures_without_audio_and_foreign_files_are_reported(tmp_path: Path) -> None:
    drive = tmp_path / DRIVE
    touch(drive, '10_5_0')
    touch(drive, '8_5_0', microphones='')
    touch(drive, '8_5_1', microphones='')
    (drive / 'audio' / 'audio_0_10_5_0.pkl').touch()
    (drive / 'fl_rgb' / 'Thumbs.db').touch()
    found = index_clips(drive)
    assert found.skipped == {NO_AUDIO: ('8_5_0', '8_5_1'), FOREIGN: ('audio/audio_0_10_5_0.pkl', 'fl_rgb/Thumbs.db')}


def test_folders_of_other_content_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r'Cannot list .*drive_day'):
        index_clips(tmp_path / DRIVE)
    touch(tmp_path / DRIVE, '10_5_0', microphones='')
    with pytest.raises(TrainingError, match='contains no audio_<0'):
        index_clips(tmp_path / DRIVE)
    touch(tmp_path / 'holiday', '10_5_0')
    with pytest.raises(TrainingError, match="'holiday' is not a drive of MAVD"):
        index_clips(tmp_path / 'holiday')
