# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Audio source that plays a WAV or FLAC file, in real time or as fast as it can be read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.audio.block import AudioBlock
from audio_manifold_ros.audio.realtime_pacer import RealtimePacer
from audio_manifold_ros.audio.sound_file import SoundFile
from audio_manifold_ros.audio.source import SourceState, SourceStatus
from audio_manifold_ros.common.errors import AudioError


class FileSource:
    """Source that plays a file (see `AudioSource`).

    The samples are those of the file, integers divided by their full scale. The index counts from 0. With `loop` it
    continues when the file starts again, because nothing is lost there.

    Attributes:
        note: Sentence for the user on a header without a length or on damage, or an empty string.

    """

    def __init__(
        self,
        path: Path | str,
        clock_ns: Callable[[], int],
        realtime: bool = True,  # noqa: FBT001, FBT002
        loop: bool = False,  # noqa: FBT001, FBT002
        block_samples: int = 512,
    ) -> None:
        """Store the parameters. Nothing is opened yet.

        Args:
            path: A WAV or FLAC file with any number of channels.
            clock_ns: The clock of the stamps.
            realtime: Return each block when its last sample would have been recorded.
            loop: Start again at the end. A block may contain the end and the start of the file.
            block_samples: Length of a block. Without `loop` the last one may be shorter.

        Raises:
            AudioError: `block_samples` is below one.

        """
        if block_samples < 1:
            msg = f'File source: block_samples is {block_samples!r}: give at least 1.'
            raise AudioError(msg)
        self._path = Path(path)
        self._clock_ns = clock_ns
        self._realtime = realtime
        self._loop = loop
        self._block_samples = block_samples
        self._file: SoundFile | None = None
        self._pacer: RealtimePacer | None = None
        self._next_sample = 0
        self._status = SourceStatus(SourceState.CLOSED, f'{self._path} is not open.')
        self.sample_rate_hz = 0
        self.channels = 0
        self.note = ''

    def open(self) -> None:
        """Open the file at its start.

        Raises:
            AudioError: The file is missing, empty, truncated, or neither WAV nor FLAC, or its first second exceeds full
                scale.

        """
        self.close()
        file = SoundFile(self._path)
        try:
            file.read(file.sample_rate_hz)
            file.rewind()
        except AudioError:
            file.close()
            raise
        self._file, self.note = file, file.note
        self.sample_rate_hz, self.channels = file.sample_rate_hz, file.channels
        self._next_sample = 0
        self._pacer = RealtimePacer(self.sample_rate_hz, self._clock_ns, realtime=self._realtime)
        length = '' if file.frames is None else f', {file.frames / self.sample_rate_hz:.1f} s'
        message = f'Playing {self._path}: {self.channels} channels, {self.sample_rate_hz} Hz{length}. {file.note}'
        self._status = SourceStatus(SourceState.STREAMING, message.rstrip())

    def read(self, timeout_s: float) -> AudioBlock | None:
        """Return the next block, or None if it is not due in time or the file has ended."""
        file, pacer = self._file, self._pacer
        if file is None or pacer is None or self._status.state is not SourceState.STREAMING:
            return None
        count = self._block_samples if self._loop else file.limit(self._block_samples)
        if not pacer.wait_for(self._next_sample + count, timeout_s):
            return None
        frames = self._read_frames(file, count)
        if frames is None:
            return None
        stamp_ns = pacer.stamp_ns(self._next_sample)
        block = AudioBlock(np.ascontiguousarray(frames.T), self._next_sample, self.sample_rate_hz, stamp_ns)
        self._next_sample = block.end_sample
        return block

    def close(self) -> None:
        """Close the file."""
        if self._file is not None and self._pacer is not None:
            self._pacer.stop()
            self._file.close()
            self._pacer = self._file = None
            self._status = SourceStatus(SourceState.CLOSED, f'{self._path} is not open.')

    def status(self) -> SourceStatus:
        """Return the state of the source."""
        return self._status

    def _read_frames(self, file: SoundFile, count: int) -> NDArray[np.float32] | None:
        """Read float32 (count, channel). Start the file again with `loop`, else end the stream."""
        parts: list[NDArray[np.float32]] = []
        message = f'{self._path} has ended.'
        try:
            while count:
                part = file.read(count)
                if not len(part) and (not self._loop or not file.position):
                    break
                parts.append(part)
                count -= len(part)
                if self._loop and (not len(part) or file.is_at_end):
                    file.rewind()
        except AudioError as error:
            message = self.note = str(error)
        if any(len(part) for part in parts):
            return np.concatenate(parts)
        self._status = SourceStatus(SourceState.ENDED, message)
        return None
