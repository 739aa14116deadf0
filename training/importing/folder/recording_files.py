# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Scan of folders of WAV and PNG files: the recordings, the channel of each audio file, the images of each modality."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from audio_manifold_ros.common.errors import TrainingError, reraise_file_errors
from audio_manifold_ros.common.untrusted_text import shorten
from audio_manifold_ros.modalities.registry import DEPTH, SEGMENTATION

AUDIO_ENDINGS = ('.wav', '.wave', '.w64', '.rf64', '.flac')
IMAGE_FOLDERS: Mapping[str, str] = {DEPTH: 'depth', SEGMENTATION: 'labels'}
TIMES_FILE = 'times.csv'
RIG_FOLDER = 'rig'
LAST_NUMBER = re.compile(r'(\d{1,4})\D*$')
MAX_FILES = 1_000_000
MAX_CHANNELS = 64
REMEDY = 'Check its permissions, or copy it again.'


@dataclass(frozen=True)
class FolderScene:
    """Files of one recording.

    Attributes:
        folder: Folder of the recording.
        audio: Audio file of each device channel, or the only file under channel 0.
        images: PNG file by base name, by modality. A modality without a folder is absent.
        times: The CSV file of times, or None.
        ignored: Names of entries that are not read: pipes, devices, folders, and links out of the recording.

    """

    folder: Path
    audio: Mapping[int, Path]
    images: Mapping[str, Mapping[str, Path]]
    times: Path | None
    ignored: tuple[str, ...]

    @property
    def names(self) -> list[str]:
        """Base names of the images of any modality, sorted."""
        return sorted({name for images in self.images.values() for name in images})

    @property
    def files(self) -> list[Path]:
        """All files, in a fixed order."""
        images = [path for _, found in sorted(self.images.items()) for _, path in sorted(found.items())]
        return [*self.audio.values(), *images, *([self.times] if self.times else [])]


def find_recordings(root: Path) -> dict[str, Path]:
    """Return the folder of each recording by drive id: the folder itself, or its subfolders with audio files.

    Raises:
        TrainingError: There is no audio, or a folder cannot be read.

    """
    if _audio_files(root):
        return {root.resolve().name: root}
    found = {path.name: path for path in _entries(root) if path.is_dir() and _is_inside(path, root)}
    recordings = {name: path for name, path in found.items() if name != RIG_FOLDER and _audio_files(path)}
    if not recordings:
        msg = (
            f'{str(root)!r} contains no audio ({", ".join(AUDIO_ENDINGS)}), neither itself nor in its subfolders: '
            'give the folder of a recording, or the folder of several recordings.'
        )
        raise TrainingError(msg)
    return recordings


def scan_recording(folder: Path) -> FolderScene:
    """List the files of one recording.

    Raises:
        TrainingError: Audio files have equal numbers or none, there are no images, the times are not a regular file, or
            a folder cannot be read.

    """
    images: dict[str, dict[str, Path]] = {}
    ignored = [path.name for path in _with_ending(folder, AUDIO_ENDINGS) if not _is_readable(path, folder)]
    for modality, name in IMAGE_FOLDERS.items():
        place = folder / name
        if place.is_dir() and _is_inside(place, folder):
            files = {path: _is_readable(path, folder) for path in _with_ending(place, ('.png',))}
            ignored += [f'{name}/{path.name}' for path, readable in files.items() if not readable]
            if any(files.values()):
                images[modality] = {path.stem: path for path, readable in files.items() if readable}
    if not images:
        expected = ' and '.join(f'{str(folder / name)!r}' for name in IMAGE_FOLDERS.values())
        msg = f'{str(folder)!r} has no images: put the PNG files into {expected}, one of them at least.'
        raise TrainingError(msg)
    times = folder / TIMES_FILE
    if times.exists() and not _is_readable(times, folder):
        msg = f'{str(times)!r} is not a regular file in the folder of the recording: copy the file there.'
        raise TrainingError(msg)
    audio = _channels(_audio_files(folder))
    return FolderScene(folder, audio, images, times if times.exists() else None, tuple(ignored))


def _channels(files: list[Path]) -> dict[int, Path]:
    """Return the channel of each file. The last number of its name counts from 0, or from 1 if no file has a 0."""
    if len(files) == 1:
        return {0: files[0]}
    numbers: dict[int, Path] = {}
    for path in files:
        match = LAST_NUMBER.search(path.stem)
        number = int(match[1]) if match else None
        if number is None or number in numbers:
            reason = 'has no number' if number is None else f'has the number {number} of {numbers[number].name!r}'
            msg = (
                f'{str(path)!r} {reason}: give one file with all channels, or one file per microphone whose name ends '
                'with the number of its device channel (mic1.wav, mic2.wav …).'
            )
            raise TrainingError(msg)
        numbers[number] = path
    first = 0 if 0 in numbers else 1
    if max(numbers) - first >= MAX_CHANNELS:
        msg = (
            f'{str(numbers[max(numbers)])!r} would be channel {max(numbers) - first}: at most {MAX_CHANNELS} channels '
            'are supported. Number the files by device channel.'
        )
        raise TrainingError(msg)
    return {number - first: numbers[number] for number in sorted(numbers)}


def _audio_files(folder: Path) -> list[Path]:
    return [path for path in _with_ending(folder, AUDIO_ENDINGS) if _is_readable(path, folder)]


def _with_ending(folder: Path, endings: tuple[str, ...]) -> list[Path]:
    return [path for path in _entries(folder) if path.suffix.lower() in endings]


def _entries(folder: Path) -> list[Path]:
    """Return the visible entries of a folder, sorted. Files such as `._mic1.wav` are metadata of other systems."""
    with reraise_file_errors(TrainingError, 'read the folder', folder, 'Give the folder of a recording.'):
        found: list[Path] = []
        for path in folder.iterdir():
            if path.name.startswith('.'):
                continue
            found.append(path)
            if len(found) > MAX_FILES:
                msg = f'{shorten(str(folder))} has more than {MAX_FILES} files: split the recording.'
                raise TrainingError(msg)
    return sorted(found)


def _is_readable(path: Path, folder: Path) -> bool:
    """Return whether a path is a regular file inside a folder. Opening a pipe would wait for its writer."""
    return _is_inside(path, folder) and path.is_file()


def _is_inside(path: Path, folder: Path) -> bool:
    """Return whether a path, with its links followed, is inside a folder. Others are not read."""
    with reraise_file_errors(TrainingError, 'read', path, REMEDY):
        return path.resolve().is_relative_to(folder.resolve())
