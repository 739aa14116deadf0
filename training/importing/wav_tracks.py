# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Reader of a multi-channel recording stored as one audio file per channel."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.errors import TrainingError

BLOCK_S = 8
RIFF_HEADER_BYTES = 8
# Sizes in headers that a recorder never completed.
UNKNOWN_SIZES = (0, 0xFFFF_FFFF)


@final
class WavTracks:
    """Audio files with a common start, one for each channel. Use it as a context manager.

    Attributes:
        sample_rate_hz: Common sample rate.
        samples: Length of the shortest file in samples.
        notes: Notes for the user on files that are truncated or have more than one channel.

    """

    def __init__(self, files: Mapping[int, Path], channels: int, sample_rate_hz: int) -> None:
        """Open the files.

        Args:
            files: File of each channel from 0. Channels without a file are zeros.
            channels: Number of channels, with or without a file.
            sample_rate_hz: Required sample rate.

        Raises:
            TrainingError: A file cannot be read, is empty, or has another rate.

        """
        self.sample_rate_hz = sample_rate_hz
        self._channels = channels
        self._open = ExitStack()
        self._files: dict[int, Any] = {}
        self._paths = dict(files)
        try:
            for channel, path in files.items():
                self._files[channel] = self._open.enter_context(_opened(path, sample_rate_hz))
        except TrainingError:
            self._open.close()
            raise
        lengths = {channel: int(file.frames) for channel, file in self._files.items()}
        self.samples = min(lengths.values())
        self.notes = tuple(self._notes(lengths))

    def blocks(self) -> Iterator[NDArray[np.float32]]:
        """Yield the audio in order: float32 (channel, sample), full scale ±1, `BLOCK_S` seconds at a time.

        Raises:
            TrainingError: A file cannot be read, or contains NaN or infinite samples.

        """
        length = BLOCK_S * self.sample_rate_hz
        for first in range(0, self.samples, length):
            count = min(length, self.samples - first)
            block = np.zeros((self._channels, count), dtype=np.float32)
            for channel in self._files:
                block[channel] = self._read(channel, count)
            yield block

    def __enter__(self) -> WavTracks:
        """Return this object."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close all files."""
        self._open.close()

    def _read(self, channel: int, count: int) -> NDArray[np.float32]:
        import soundfile

        path = self._paths[channel]
        try:
            samples = self._files[channel].read(count, dtype='float32', always_2d=True)
        except soundfile.SoundFileError as error:
            msg = f'{str(path)!r} cannot be read ({error}): copy it again.'
            raise TrainingError(msg) from None
        if len(samples) != count or not np.all(np.isfinite(samples)):
            msg = f'{str(path)!r}: {len(samples)} of {count} samples, or NaN or infinite samples: copy it again.'
            raise TrainingError(msg)
        first: NDArray[np.float32] = samples[:, 0]
        return first

    def _notes(self, lengths: Mapping[int, int]) -> Iterator[str]:
        longest = max(lengths.values())
        for channel, path in self._paths.items():
            missing = missing_bytes(path)
            if missing or lengths[channel] < longest:
                short_s, long_s = lengths[channel] / self.sample_rate_hz, longest / self.sample_rate_hz
                why = f'{missing} bytes shorter than its header states, ' if missing else ''
                yield (
                    f'{path.name} is truncated: {why}{short_s:.1f} s where the longest track has {long_s:.1f} s. '
                    'The drive ends with the shortest: copy the file again, or remove it to import without the track'
                )
            if self._files[channel].channels > 1:
                yield f'{path.name} has {self._files[channel].channels} channels: the first is used'


def _opened(path: Path, sample_rate_hz: int) -> Any:
    import soundfile

    try:
        file = soundfile.SoundFile(path)
    except (soundfile.SoundFileError, OSError) as error:
        msg = f'{str(path)!r} cannot be read ({error}): copy it again, or remove it to import without this track.'
        raise TrainingError(msg) from None
    if file.samplerate != sample_rate_hz or not file.frames:
        msg = f'{str(path)!r}: {file.frames} samples at {file.samplerate} Hz: expected audio at {sample_rate_hz} Hz.'
        file.close()
        raise TrainingError(msg)
    return file


def missing_bytes(path: Path) -> int:
    """Return the number of bytes by which a RIFF file is shorter than its header states."""
    with path.open('rb') as file:
        header = file.read(RIFF_HEADER_BYTES)
    size = int.from_bytes(header[4:], 'little')
    if header[:4] != b'RIFF' or size in UNKNOWN_SIZES:
        return 0
    return max(0, size + RIFF_HEADER_BYTES - path.stat().st_size)
