# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The clips of one folder of MAVD: one for each instant, with the microphones that it needs."""

from __future__ import annotations

import os
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from audio_manifold_ros.common.errors import TrainingError
from training.importing.mavd_names import MICROPHONES, MavdName, parse_clip, parse_drive, parse_picture

AUDIO, PICTURES = 'audio', 'fl_rgb'
DUPLICATE, INCOMPLETE, NO_AUDIO, FOREIGN = 'duplicate', 'incomplete_audio', 'no_audio', 'foreign_name'
REASONS = {
    DUPLICATE: 'the same instant under another code: the audio is the same, code 0 is kept',
    INCOMPLETE: 'an instant of which no code has all eight microphones',
    NO_AUDIO: 'a picture without audio, as at the beginning and end of each drive',
    FOREIGN: 'a file that is not named like one of MAVD',
}


@dataclass(frozen=True)
class Clip:
    """One second of audio around an instant.

    Attributes:
        name: The name that was kept.
        aliases: All names of the instant, the kept one first: what a teacher may have called its image.
        files: The MP3 of each microphone, in order.

    """

    name: MavdName
    aliases: tuple[str, ...]
    files: tuple[Path, ...]


@dataclass(frozen=True)
class ClipIndex:
    """What there is in a folder of a drive.

    Attributes:
        drive_id: The drive.
        clips: One for each instant, in the order of time.
        skipped: What was left out, by reason: names, or files.

    """

    drive_id: str
    clips: tuple[Clip, ...]
    skipped: dict[str, tuple[str, ...]]


def index_clips(folder: Path) -> ClipIndex:
    """List the audio and the pictures of a drive.

    Raises:
        TrainingError: It is no folder of a drive, or holds no audio.

    """
    drive_id = parse_drive(folder.name).drive_id
    found, foreign = _clips(folder / AUDIO)
    if not found:
        msg = f'{str(folder / AUDIO)!r} holds no audio_<0..7>_<sec>_<nsec>_<code>.mp3: unpack the audio of MAVD there.'
        raise TrainingError(msg)
    pictures, foreign_pictures = _pictures(folder / PICTURES)
    clips: list[Clip] = []
    skipped: dict[str, list[str]] = {reason: [] for reason in REASONS}
    skipped[FOREIGN] += foreign + foreign_pictures
    for stamp_ns in sorted(found):
        names = sorted(found[stamp_ns], key=lambda name: (name.rank, name.text))
        complete = [name for name in names if len(found[stamp_ns][name]) == MICROPHONES]
        if not complete:
            skipped[INCOMPLETE] += [name.text for name in names]
            continue
        kept = complete[0]
        skipped[DUPLICATE] += [name.text for name in names if name != kept]
        others = sorted({*names, *pictures.get(stamp_ns, ())} - {kept}, key=lambda name: (name.rank, name.text))
        files = tuple(file for _, file in sorted(found[stamp_ns][kept].items()))
        clips.append(Clip(kept, (kept.text, *dict.fromkeys(name.text for name in others)), files))
    for stamp_ns in sorted(set(pictures) - set(found)):
        skipped[NO_AUDIO] += [name.text for name in pictures[stamp_ns]]
    return ClipIndex(drive_id, tuple(clips), {reason: tuple(names) for reason, names in skipped.items() if names})


def _clips(folder: Path) -> tuple[dict[int, dict[MavdName, dict[int, Path]]], list[str]]:
    """Return the files by instant, name and microphone, and those that are called otherwise."""
    found: dict[int, dict[MavdName, dict[int, Path]]] = defaultdict(lambda: defaultdict(dict))
    foreign = []
    for file_name in _file_names(folder):
        parsed = parse_clip(file_name)
        if parsed is None:
            foreign.append(f'{folder.name}/{file_name}')
        else:
            microphone, name = parsed
            found[name.stamp_ns][name][microphone] = folder / file_name
    return found, foreign


def _pictures(folder: Path) -> tuple[dict[int, list[MavdName]], list[str]]:
    """Return the pictures' names by instant, and the files that are called otherwise; none without the folder."""
    found: dict[int, list[MavdName]] = defaultdict(list)
    foreign = []
    for file_name in _file_names(folder) if folder.is_dir() else ():
        name = parse_picture(file_name)
        if name is None:
            foreign.append(f'{folder.name}/{file_name}')
        else:
            found[name.stamp_ns].append(name)
    return found, foreign


def _file_names(folder: Path) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entry.name for entry in entries)
    except OSError as error:
        msg = f'Cannot list {str(folder)!r}: {error.strerror or error}. Give folders of MAVD: drive_day_…/audio.'
        raise TrainingError(msg) from None
