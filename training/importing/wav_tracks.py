# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Reader of a multi-channel recording stored as one audio file per channel."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import final

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.audio.sound_file import SCALE_REMEDY, SoundFile
from audio_manifold_ros.common.errors import AudioManifoldError, TrainingError

BLOCK_S = 8


@final
class WavTracks:
    """Audio files with a common start, one for each channel. Use it as a context manager.

    Attributes:
        sample_rate_hz: Common sample rate.
        samples: Length of the shortest file in samples.
        notes: Notes for the user on files that are truncated, state no length, or have more than one channel.

    """

    def __init__(
        self,
        files: Mapping[int, Path],
        channels: int,
        sample_rate_hz: int,
        full_scale: float = 1.0,
        scale_remedy: str = SCALE_REMEDY,
    ) -> None:
        """Open the files.

        Args:
            files: File of each channel from 0. Channels without a file are zeros.
            channels: Number of channels, with or without a file.
            sample_rate_hz: Required sample rate.
            full_scale: Sample value of full scale in files of floating-point samples.
            scale_remedy: Sentence with the remedy for samples beyond full scale.

        Raises:
            AudioError: A file cannot be read or is empty.
            TrainingError: A file has another rate.

        """
        self.sample_rate_hz = sample_rate_hz
        self._channels = channels
        self._open = ExitStack()
        self._files: dict[int, SoundFile] = {}
        try:
            for channel, path in files.items():
                file = SoundFile(path, full_scale=full_scale, scale_remedy=scale_remedy, allow_truncated=True)
                self._files[channel] = self._open.enter_context(file)
                if file.sample_rate_hz != sample_rate_hz:
                    msg = f'{str(path)!r} has {file.sample_rate_hz} Hz: expected audio at {sample_rate_hz} Hz.'
                    raise TrainingError(msg)
            lengths = {channel: file.count_frames() for channel, file in self._files.items()}
        except AudioManifoldError:
            self._open.close()
            raise
        self.samples = min(lengths.values())
        self.notes = tuple(self._notes(lengths))

    def blocks(self) -> Iterator[NDArray[np.float32]]:
        """Yield the audio in order: float32 (channel, sample), full scale ±1, `BLOCK_S` seconds at a time.

        Raises:
            AudioError: A file cannot be read, or its samples exceed full scale.
            TrainingError: A file is shorter than its header states, or contains NaN or infinite samples.

        """
        length = BLOCK_S * self.sample_rate_hz
        for first in range(0, self.samples, length):
            count = min(length, self.samples - first)
            block = np.zeros((self._channels, count), dtype=np.float32)
            for channel, file in self._files.items():
                block[channel] = _first_channel(file, count)
            yield block

    def __enter__(self) -> WavTracks:
        """Return this object."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close all files."""
        self._open.close()

    def _notes(self, lengths: Mapping[int, int]) -> Iterator[str]:
        longest = max(lengths.values())
        for channel, file in self._files.items():
            if file.note:
                yield file.note
            if lengths[channel] < longest:
                short_s, long_s = lengths[channel] / self.sample_rate_hz, longest / self.sample_rate_hz
                yield (
                    f'{file.path.name} is truncated: {short_s:.1f} s where the longest track has {long_s:.1f} s. '
                    'The drive ends with the shortest: copy the file again, or remove it to import without the track'
                )
            if file.channels > 1:
                yield f'{file.path.name} has {file.channels} channels: the first is used'


def _first_channel(file: SoundFile, count: int) -> NDArray[np.float32]:
    samples = file.read(count)
    if len(samples) != count or not np.all(np.isfinite(samples)):
        msg = f'{str(file.path)!r}: {len(samples)} of {count} samples, or NaN or infinite samples: copy it again.'
        raise TrainingError(msg)
    first: NDArray[np.float32] = samples[:, 0]
    return first
