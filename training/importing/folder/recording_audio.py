# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Audio of an imported folder: one file with all channels, or one file per microphone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import final

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.audio.sound_file import SoundFile
from audio_manifold_ros.common.errors import TrainingError
from training.importing.folder.recording_files import MAX_CHANNELS
from training.importing.wav_tracks import BLOCK_S, WavTracks

RATE_LIMITS_HZ = (4_000, 192_000)
SCALE_REMEDY = (
    'Give the sample value of full scale (--full-scale). It is 32768 for floating-point files in int16 steps.'
)


@final
class FolderAudio:
    """The audio of one recording. Use it as a context manager.

    Attributes:
        sample_rate_hz: Sample rate of the files.
        channels: Number of device channels.
        missing: Channels without a file.
        peaks: Largest absolute sample of each channel so far, full scale 1.
        notes: Notes for the user, a sentence each.

    """

    def __init__(self, files: Mapping[int, Path], channels: int, full_scale: float) -> None:
        """Open the files.

        Args:
            files: File of each channel, or the only file, which contains all channels.
            channels: Number of channels that the rig needs at least.
            full_scale: Sample value of full scale.

        Raises:
            AudioError: A file cannot be read or is empty.
            TrainingError: The files do not match each other, or have an unusual sample rate.

        """
        self._full_scale = full_scale
        self._open = ExitStack()
        path = files[min(files)]
        with self._sound_file(path) as first:
            self.sample_rate_hz, found = first.sample_rate_hz, first.channels
        low_hz, high_hz = RATE_LIMITS_HZ
        if not low_hz <= self.sample_rate_hz <= high_hz:
            msg = f'{str(path)!r} has {self.sample_rate_hz} Hz: give audio at {low_hz} to {high_hz} Hz.'
            raise TrainingError(msg)
        self.notes: tuple[str, ...] = ()
        self.missing: tuple[int, ...] = ()
        if found > MAX_CHANNELS:
            msg = f'{str(path)!r} has {found} channels: at most {MAX_CHANNELS} are supported. Give only microphones.'
            raise TrainingError(msg)
        if len(files) == 1 and found > 1:
            self.channels = found
            self._blocks = self._whole_file(path)
        else:
            self.channels = max(channels, *(channel + 1 for channel in files))
            self.missing = tuple(channel for channel in range(self.channels) if channel not in files)
            self._check_mono(files)
            tracks = self._open.enter_context(
                WavTracks(files, self.channels, self.sample_rate_hz, full_scale, SCALE_REMEDY)
            )
            self.notes, self._blocks = tracks.notes, tracks.blocks()
        self.peaks: NDArray[np.float32] = np.zeros(self.channels, dtype=np.float32)

    def blocks(self) -> Iterator[NDArray[np.float32]]:
        """Yield the audio in order: float32 (channel, sample), full scale ±1, zeros in missing channels.

        Raises:
            AudioError: A file is damaged, or its samples exceed full scale.
            TrainingError: A file contains NaN or infinite samples.

        """
        for block in self._blocks:
            self.peaks = np.maximum(self.peaks, np.abs(block).max(axis=1))
            yield block

    def silent_channels(self) -> tuple[int, ...]:
        """Return the channels with a file whose samples are all zero so far."""
        return tuple(c for c in np.flatnonzero(self.peaks == 0).tolist() if c not in self.missing)

    def __enter__(self) -> FolderAudio:
        """Return this object."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close all files."""
        self._open.close()

    def _sound_file(self, path: Path) -> SoundFile:
        return SoundFile(path, full_scale=self._full_scale, scale_remedy=SCALE_REMEDY, allow_truncated=True)

    def _whole_file(self, path: Path) -> Iterator[NDArray[np.float32]]:
        with self._sound_file(path) as file:
            self.notes = (file.note,) if file.note else ()
            while len(samples := file.read(BLOCK_S * file.sample_rate_hz)):
                if not np.all(np.isfinite(samples)):
                    msg = f'{str(path)!r} contains NaN or infinite samples: write it again.'
                    raise TrainingError(msg)
                yield np.ascontiguousarray(samples.T)

    def _check_mono(self, files: Mapping[int, Path]) -> None:
        for path in files.values():
            with self._sound_file(path) as file:
                if file.channels != 1:
                    msg = (
                        f'{str(path)!r} has {file.channels} channels next to {len(files) - 1} other files: give one '
                        'file with all channels, or files with one channel each.'
                    )
                    raise TrainingError(msg)
