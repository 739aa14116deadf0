# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""MAVD names: nanoseconds are numbers with or without leading zeros, and other names are recognised."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audio_manifold_ros.common.errors import TrainingError
from training.importing.mavd_names import MavdName, parse_clip, parse_drive, parse_line, parse_name, parse_picture

SECONDS, NANOSECONDS = st.integers(0, 8_999_999_999), st.integers(0, 999_999_999)
CODES = st.one_of(st.none(), st.integers(0, 999))


def ending(code: int | None) -> str:
    return '' if code is None else f'_{code}'


@settings(deadline=None)
@given(seconds=SECONDS, nanoseconds=NANOSECONDS, code=CODES, width=st.integers(1, 9))
def test_an_instant_has_nanoseconds_with_or_without_leading_zeros(
    seconds: int, nanoseconds: int, code: int | None, width: int
) -> None:
    text = f'{seconds}_{nanoseconds:0{width}d}{ending(code)}'
    name = parse_name(text)
    assert name == MavdName(text, seconds * 10**9 + nanoseconds, code)
    assert name.stamp_ns < 2**63
    assert parse_picture(f'fl_rgb_{text}.jpg') == name
    assert parse_clip(f'audio_3_{text}.mp3') == (3, name)
    assert parse_line(f'drive_night_2020_05_31_22_31_36/{text}') == ('drive_night_2020_05_31_22_31_36', name)


@settings(deadline=None)
@given(text=st.text(st.characters(codec='utf-8'), max_size=30))
def test_any_other_text_is_refused(text: str) -> None:
    for parse in (parse_line, parse_drive):
        with pytest.raises(TrainingError, match='of MAVD: expected'):
            parse(text)
    assert parse_picture(text) is None
    assert parse_clip(text) is None


@pytest.mark.parametrize(
    'text',
    [
        '',
        '1590957201',
        '1590957201_',
        '_5',
        '1590957201_1234567890',
        '1590957201_5_',
        '1590957201_-5',
        '15_5_1234',
        '٣_٥',
    ],
)
def test_malformed_instants_are_refused(text: str) -> None:
    with pytest.raises(TrainingError, match='not an instant of MAVD'):
        parse_name(text)
    assert parse_picture(f'fl_rgb_{text}.jpg') is None
    assert parse_clip(f'audio_0_{text}.mp3') is None


@pytest.mark.parametrize('file', ['audio_8_1_1.mp3', 'audio_1_1.mp3', 'audio_0_1_1.wav', 'audio_0_1_1.mp3.tmp', '.mp3'])
def test_files_with_other_names_are_not_clips(file: str) -> None:
    assert parse_clip(file) is None


def test_code_0_is_kept_before_none_before_the_others() -> None:
    names = [parse_name(f'1_2{ending(code)}') for code in (4, None, 1, 0)]
    assert [name.code for name in sorted(names, key=lambda name: name.rank)] == [0, None, 1, 4]


def test_the_name_of_a_drive_contains_day_and_light() -> None:
    drive = parse_drive('drive_day_2020_05_21_20_07_12')
    assert (drive.night, drive.day) == (False, dt.date(2020, 5, 21))
    assert parse_drive('drive_night_2020_05_31_22_31_36').night
    for wrong in ('drive_day_2020_13_21_20_07_12', 'drive_dusk_2020_05_21_20_07_12', 'drive_day_2020_05_21'):
        with pytest.raises(TrainingError, match='not a drive of MAVD'):
            parse_drive(wrong)
