# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Parser of MAVD folder and file names: drive, instant, microphone and code."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from audio_manifold_ros.common.errors import TrainingError
from audio_manifold_ros.common.units import NS_PER_S

MICROPHONES = 8
DRIVE = re.compile(r'drive_(?P<light>day|night)_\d{4}(?:_\d\d){5}', re.ASCII)
WHEN, WHEN_EXAMPLE = '%Y_%m_%d_%H_%M_%S', '2020_05_21_20_07_12'
# Seconds, nanoseconds without leading zeros, and a code that numbers images within the granularity of the audio.
INSTANT = r'(?P<text>(?P<sec>\d{1,9}|[1-8]\d{9})_(?P<nsec>\d{1,9})(?:_(?P<code>\d{1,3}))?)'
NAME = re.compile(INSTANT, re.ASCII)
PICTURE = re.compile(rf'fl_rgb_{INSTANT}\.jpe?g', re.ASCII)
CLIP = re.compile(rf'audio_(?P<mic>[0-{MICROPHONES - 1}])_{INSTANT}\.mp3', re.ASCII)


@dataclass(frozen=True)
class MavdName:
    """A parsed name of an image or a clip.

    Attributes:
        text: The name in MAVD's lists and files, such as `1590957201_146429573_3`.
        stamp_ns: Time in ns.
        code: Number within the granularity of the audio. None without one.

    """

    text: str
    stamp_ns: int
    code: int | None

    @property
    def rank(self) -> int:
        """Rank among the names of one instant. The lowest is kept: code 0, then no code, then by number."""
        return (1 if self.code is None else self.code + 1) if self.code != 0 else 0


@dataclass(frozen=True)
class MavdDrive:
    """A parsed name of a drive.

    Attributes:
        drive_id: The whole name.
        night: Recorded at night.
        day: Calendar day of the recording.

    """

    drive_id: str
    night: bool
    day: dt.date


def parse_name(text: str) -> MavdName:
    """Parse `sec_nsec_code` or `sec_nsec`. The nanoseconds are a number, with or without leading zeros.

    Raises:
        TrainingError: The text has another form.

    """
    match = NAME.fullmatch(text)
    if match is None:
        msg = f'{text!r} is not an instant of MAVD: expected seconds_nanoseconds_code, such as 1590957201_146429573_3.'
        raise TrainingError(msg)
    return _name(match)


def parse_drive(drive_id: str) -> MavdDrive:
    """Parse the name of a drive.

    Raises:
        TrainingError: It is not the name of a MAVD drive, or its date does not exist.

    """
    match = DRIVE.fullmatch(drive_id)
    try:
        when = dt.datetime.strptime(drive_id[-len(WHEN_EXAMPLE) :], WHEN).replace(tzinfo=dt.timezone.utc)
    except ValueError:
        match = None
    if match is None:
        msg = f'{drive_id!r} is not a drive of MAVD: expected drive_day_{WHEN_EXAMPLE}, or drive_night_….'
        raise TrainingError(msg)
    return MavdDrive(drive_id, match['light'] == 'night', when.date())


def parse_line(line: str) -> tuple[str, MavdName]:
    """Parse a line of a published list, `drive/sec_nsec_code`.

    Raises:
        TrainingError: The line has another form.

    """
    drive_id, _, text = line.partition('/')
    return parse_drive(drive_id).drive_id, parse_name(text)


def parse_clip(file_name: str) -> tuple[int, MavdName] | None:
    """Return microphone and instant of an MP3 file in `audio/`, or None for another name."""
    match = CLIP.fullmatch(file_name)
    return None if match is None else (int(match['mic']), _name(match))


def parse_picture(file_name: str) -> MavdName | None:
    """Return the instant of a picture in `fl_rgb/`, or None for another name."""
    match = PICTURE.fullmatch(file_name)
    return None if match is None else _name(match)


def _name(match: re.Match[str]) -> MavdName:
    code = match['code']
    stamp_ns = int(match['sec']) * NS_PER_S + int(match['nsec'])
    return MavdName(match['text'], stamp_ns, None if code is None else int(code))
