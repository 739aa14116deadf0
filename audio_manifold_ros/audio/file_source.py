# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Audio source that plays a WAV or FLAC file, in real time or as fast as it can be read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.audio.block import AudioBlock
from audio_manifold_ros.audio.realtime_pacer import RealtimePacer
from audio_manifold_ros.audio.source import SourceState, SourceStatus
from audio_manifold_ros.common.errors import AudioError

FORMATS = {'WAV', 'WAVEX', 'RF64', 'W64', 'FLAC'}
TRUNCATION_MARK = '(should be'  # in libsndfile's log: a chunk header states more samples than the file has


class FileSource:
    """Source that plays a file (see `AudioSource`).

    The samples are those of the file, integers divided by their full scale. The index counts from 0. With `loop` it
    continues when the file starts again, because nothing is lost there.
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
        self._file: Any = None
        self._pacer: RealtimePacer | None = None
        self._next_sample = 0
        self._status = SourceStatus(SourceState.CLOSED, f'{self._path} is not open.')
        self.sample_rate_hz = 0
        self.channels = 0

    def open(self) -> None:
        """Open the file at its start.

        Raises:
            AudioError: The file is missing, empty, truncated, or neither WAV nor FLAC.

        """
        self.close()
        self._file = _open(self._path)
        self.sample_rate_hz = int(self._file.samplerate)
        self.channels = int(self._file.channels)
        self._next_sample = 0
        self._pacer = RealtimePacer(self.sample_rate_hz, self._clock_ns, realtime=self._realtime)
        seconds = self._file.frames / self.sample_rate_hz
        message = f'Playing {self._path}: {self.channels} channels, {self.sample_rate_hz} Hz, {seconds:.1f} s.'
        self._status = SourceStatus(SourceState.STREAMING, message)

    def read(self, timeout_s: float) -> AudioBlock | None:
        """Return the next block, or None if it is not due in time or the file has ended."""
        if self._pacer is None or self._status.state is not SourceState.STREAMING:
            return None
        count = self._block_samples
        if not self._loop:
            count = min(count, self._file.frames - self._file.tell())
        if not self._pacer.wait_for(self._next_sample + count, timeout_s):
            return None
        frames = self._read_frames(count)
        if frames is None:
            return None
        stamp_ns = self._pacer.stamp_ns(self._next_sample)
        block = AudioBlock(np.ascontiguousarray(frames.T), self._next_sample, self.sample_rate_hz, stamp_ns)
        self._next_sample = block.end_sample
        return block

    def close(self) -> None:
        """Close the file."""
        if self._pacer is not None:
            self._pacer.stop()
            self._file.close()
            self._pacer = self._file = None
            self._status = SourceStatus(SourceState.CLOSED, f'{self._path} is not open.')

    def status(self) -> SourceStatus:
        """Return the state of the source."""
        return self._status

    def _read_frames(self, count: int) -> NDArray[np.float32] | None:
        """Read float32 (count, channel). Start the file again with `loop`, else end the stream."""
        import soundfile

        frames = np.empty((count, self.channels), dtype=np.float32)
        filled = 0
        try:
            while filled < count:
                read = len(self._file.read(count - filled, dtype='float32', always_2d=True, out=frames[filled:]))
                filled += read
                if self._file.tell() >= self._file.frames and self._loop:
                    self._file.seek(0)
                elif not read:
                    break
        except (soundfile.SoundFileError, OSError) as error:
            message = f'{self._path} cannot be read past sample {self._next_sample}: {error}. Replace the file.'
        else:
            message = f'{self._path} has ended.'
        if filled:
            return frames[:filled]
        self._status = SourceStatus(SourceState.ENDED, message)
        return None


def _open(path: Path) -> Any:
    """Return an open `soundfile.SoundFile` that is complete and of a supported format."""
    try:
        import soundfile
    except OSError as error:
        msg = f'Cannot load libsndfile: {error}. Install it, on Ubuntu with: apt-get install libsndfile1'
        raise AudioError(msg) from None
    if not path.is_file():
        msg = f'Audio file {str(path)!r} does not exist: give the path of a WAV or FLAC file.'
        raise AudioError(msg)
    try:
        file = soundfile.SoundFile(str(path))
    except (soundfile.SoundFileError, OSError) as error:
        msg = f'Audio file {str(path)!r} cannot be opened: {error}. Give a WAV or FLAC file.'
        raise AudioError(msg) from None
    fault = _describe_fault(file)
    if fault:
        file.close()
        msg = f'Audio file {str(path)!r} {fault}'
        raise AudioError(msg)
    return file


def _describe_fault(file: Any) -> str:
    """Return the fault of an open file and its remedy, or an empty string."""
    import soundfile

    if file.format not in FORMATS:
        return f'is {file.format!r}: convert it to WAV or FLAC.'
    if file.frames < 1:
        return 'contains no samples: record it again.'
    try:
        file.seek(file.frames - 1)
        complete = len(file.read(1)) == 1 and TRUNCATION_MARK not in file.extra_info
        file.seek(0)
    except (soundfile.SoundFileError, OSError):
        complete = False
    return (
        '' if complete else f'ends before the {file.frames} samples that its header states: copy it again or repair it.'
    )
