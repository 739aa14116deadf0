# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Index of the audio clips in a MAVD drive folder: one complete clip of eight microphones for each instant."""

from __future__ import annotations

import os
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from audio_manifold_ros.common.errors import TrainingError, reraise_file_errors
from training.importing.mavd_names import MICROPHONES, MavdName, parse_clip, parse_drive, parse_picture

AUDIO, PICTURES = 'audio', 'fl_rgb'
DUPLICATE, INCOMPLETE, NO_AUDIO, FOREIGN = 'duplicate', 'incomplete_audio', 'no_audio', 'foreign_name'
REASONS = {
    DUPLICATE: 'the same instant under another code: the audio is the same, code 0 is kept',
    INCOMPLETE: 'an instant without a code that has all eight microphones',
    NO_AUDIO: 'a picture without audio, as at the start and end of each drive',
    FOREIGN: 'a file whose name does not follow the MAVD pattern',
}


@dataclass(frozen=True)
class Clip:
    """One second of audio around an instant.

    Attributes:
        name: The kept name.
        aliases: All names of the instant, the kept one first. A teacher may have used any of them.
        files: MP3 file of each microphone, in order.

    """

    name: MavdName
    aliases: tuple[str, ...]
    files: tuple[Path, ...]


@dataclass(frozen=True)
class ClipIndex:
    """The clips of a drive folder.

    Attributes:
        drive_id: Id of the drive.
        clips: One for each instant, ordered by time.
        skipped: Names of instants or files that were left out, by reason.

    """

    drive_id: str
    clips: tuple[Clip, ...]
    skipped: dict[str, tuple[str, ...]]


def index_clips(folder: Path) -> ClipIndex:
    """List the audio and the pictures of a drive.

    Raises:
        TrainingError: It is not a drive folder, or contains no audio.

    """
    drive_id = parse_drive(folder.name).drive_id
    found, foreign = _clips(folder / AUDIO)
    if not found:
        msg = (
            f'{str(folder / AUDIO)!r} contains no audio_<0..7>_<sec>_<nsec>_<code>.mp3: unpack the audio of MAVD there.'
        )
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
    """Return the files by instant, name and microphone, and the files with other names."""
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
    """Return the names of the pictures by instant, and the files with other names. The folder may be absent."""
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
    remedy = 'Give folders of MAVD: drive_day_…/audio.'
    with reraise_file_errors(TrainingError, 'list', folder, remedy), os.scandir(folder) as entries:
        return sorted(entry.name for entry in entries)
