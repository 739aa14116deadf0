# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Reader of sound files. One rule for unknown lengths, truncated files, and samples beyond full scale."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.audio.wave_header import PatchedFile, WaveData, is_flac_without_length, read_wave_header
from audio_manifold_ros.common.errors import AudioError, reraise_file_errors

FORMATS = ('WAV', 'WAVEX', 'RF64', 'W64', 'FLAC')
# A resampler raises a signal of full scale by up to half a decibel. Lossy codecs overshoot by several decibels.
MAX_PEAK = 1.06
MAX_LOSSY_PEAK = 4.0
LOSSY_FORMATS = ('MP3', 'OGG')
# libsndfile gives a FLAC file without a total the greatest int64 as its length.
UNKNOWN_FRAMES = 1 << 62
COUNT_BLOCK_FRAMES = 1 << 16
CUT_BLOCK_FRAMES = 512
SCALE_REMEDY = 'Divide the samples by the value of full scale, which is 32768 in int16 steps, or write integers.'


@final
class SoundFile:
    """Open sound file that is read from its start to its end. Use it as a context manager, or call `close`.

    Attributes:
        path: The file.
        sample_rate_hz: Sample rate.
        channels: Number of channels.
        frames: Length in samples. None if the header states none and the file must be decoded to find out.
        note: A sentence for the user on a header without a length or a truncated file, or an empty string.

    """

    def __init__(
        self,
        path: Path,
        *,
        formats: Collection[str] = FORMATS,
        full_scale: float = 1.0,
        scale_remedy: str = SCALE_REMEDY,
        allow_truncated: bool = False,
    ) -> None:
        """Open a file.

        Args:
            path: The file.
            formats: Accepted formats of libsndfile.
            full_scale: Sample value of full scale in a file of floating-point samples.
            scale_remedy: Sentence with the remedy for samples beyond full scale.
            allow_truncated: Read a file that is shorter than its header states, with a note.

        Raises:
            AudioError: The file is missing, empty, truncated, or has another format.

        """
        self.path = path
        self.note = ''
        self._full_scale = full_scale
        self._scale_remedy = scale_remedy
        self._allow_truncated = allow_truncated
        self._file = self._open(formats)
        try:
            self.sample_rate_hz, self.channels = int(self._file.samplerate), int(self._file.channels)
            self.frames: int | None = int(self._file.frames)
            if self.frames >= UNKNOWN_FRAMES:
                self.frames = None
            self._max_peak = MAX_LOSSY_PEAK if self._file.format in LOSSY_FORMATS else MAX_PEAK
            self._check(formats)
        except AudioError:
            self.close()
            raise
        self._position, self._fault = 0, ''

    @property
    def position(self) -> int:
        """Number of samples read since the start."""
        return self._position

    @property
    def is_at_end(self) -> bool:
        """True if the header states a length and all samples have been read."""
        return self.frames is not None and self._position >= self.frames

    def limit(self, count: int) -> int:
        """Return how many of the next samples exist, as far as the header states a length."""
        return count if self.frames is None else min(count, self.frames - self._position)

    def read(self, count: int) -> NDArray[np.float32]:
        """Return the next samples: float32 (sample, channel), full scale ±1. There are fewer at the end.

        Raises:
            AudioError: The file is damaged, or samples exceed full scale. Later reads fail in the same way.

        """
        if not self._fault:
            samples = self._read(self.limit(count))
        if self._fault:
            raise AudioError(self._fault)
        return samples

    def rewind(self) -> None:
        """Continue at the first sample.

        Raises:
            AudioError: The file cannot be read.

        """
        import soundfile

        try:
            self._file.seek(0)
        except (soundfile.SoundFileError, OSError) as error:
            msg = f'{str(self.path)!r} cannot be read again: {error}. Copy the file again.'
            raise AudioError(msg) from None
        self._position, self._fault = 0, ''

    def count_frames(self) -> int:
        """Return the length in samples. A file whose header states none is decoded once, then rewound.

        Raises:
            AudioError: The file is damaged, or samples exceed full scale.

        """
        if self.frames is None:
            while len(self.read(COUNT_BLOCK_FRAMES)):
                pass
            self.frames = self._position
            self.rewind()
        return self.frames

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        if self._patched is not None:
            self._patched.close()

    def __enter__(self) -> SoundFile:
        """Return the file."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        self.close()

    def _read(self, count: int) -> NDArray[np.float32]:
        """Return samples as `read` does, and store a fault."""
        if self.frames is None:
            # An error discards the samples of its call, so that short calls keep more of a file that was cut.
            parts: list[NDArray[np.float32]] = [np.empty((0, self.channels), dtype=np.float32)]
            for first in range(0, count, CUT_BLOCK_FRAMES):
                parts.append(self._read_block(min(CUT_BLOCK_FRAMES, count - first)))
                if not len(parts[-1]):
                    break
            joined: NDArray[np.float32] = np.concatenate(parts)
            return joined
        return self._read_block(count)

    def _read_block(self, count: int) -> NDArray[np.float32]:
        import soundfile

        try:
            samples: NDArray[np.float32] = self._file.read(count, dtype='float32', always_2d=True)
        except (soundfile.SoundFileError, OSError) as error:
            # The last frame of a killed recorder is incomplete.
            is_cut = self.frames is None and self._patched is not None and self._patched.is_at_end
            if not is_cut:
                self._fault = (
                    f'{str(self.path)!r} cannot be read past sample {self._position}: {error}. Replace the file.'
                )
            return np.empty((0, self.channels), dtype=np.float32)
        self._position += len(samples)
        if self._full_scale != 1.0:
            samples /= np.float32(self._full_scale)
        # NaN compares as False. Callers that need finite samples check them.
        if np.any(np.abs(samples) > self._max_peak):
            peaks = np.nan_to_num(np.abs(samples).max(axis=0) * np.float32(self._full_scale))
            self._fault = (
                f'{str(self.path)!r}: samples up to {peaks.max():.4g} in channel {int(peaks.argmax())}, but full scale '
                f'is {self._full_scale:g}. {self._scale_remedy}'
            )
        return samples

    def _open(self, formats: Collection[str]) -> Any:
        soundfile = _libsndfile()
        self._patched: PatchedFile | None = None
        if not self.path.is_file():
            msg = f'Audio file {str(self.path)!r} does not exist: give the path of a file ({", ".join(formats)}).'
            raise AudioError(msg)
        with reraise_file_errors(AudioError, 'read', self.path, 'Check permissions.'):
            self._data = read_wave_header(self.path)
            is_flac = is_flac_without_length(self.path)
            if is_flac or (self._data is not None and self._data.stated_bytes is None):
                self.note = (
                    f'The header of {self.path.name} states no length, as after a recorder was killed or wrote to a '
                    'pipe: the file is read to its end.'
                )
                self._patched = PatchedFile(self.path, b'' if self._data is None else self._data.header)
        try:
            file = soundfile.SoundFile(self._patched or str(self.path))
        except (soundfile.SoundFileError, OSError) as error:
            if self._patched is not None:
                self._patched.close()
            msg = (
                f'Audio file {str(self.path)!r} cannot be read as audio: {error}. Give an undamaged file '
                f'({", ".join(formats)}).'
            )
            raise AudioError(msg) from None
        # soundfile seeks after each read of a seekable file, which fails at the end of a FLAC file without a total.
        file.seekable = lambda: False
        return file

    def _check(self, formats: Collection[str]) -> None:
        if self._file.format not in formats:
            msg = f'Audio file {str(self.path)!r} is {self._file.format!r}: convert it to one of {", ".join(formats)}.'
            raise AudioError(msg)
        truncation = _truncation(self._data, self.frames, self.channels * _sample_bytes(self._file.subtype))
        if truncation and self._allow_truncated and self.frames:
            self.note = f'{self.path.name} {truncation}'
        elif truncation:
            msg = f'Audio file {str(self.path)!r} {truncation}: copy it again or repair it.'
            raise AudioError(msg)
        if self.frames == 0:
            stored = self._data.stored_bytes if self._data is not None and self._data.stated_bytes != 0 else 0
            remedy = f'its {stored} bytes of audio cannot be read. Repair its header.' if stored else 'record it again.'
            msg = f'Audio file {str(self.path)!r} contains no samples: {remedy}'
            raise AudioError(msg)
        if self.frames is not None and self._file.format == 'FLAC' and not self._allow_truncated:
            self._check_last_sample(self.frames)

    def _check_last_sample(self, frames: int) -> None:
        import soundfile

        try:
            self._file.seek(frames - 1)
            is_complete = len(self._file.read(1)) == 1
            self._file.seek(0)
        except (soundfile.SoundFileError, OSError):
            is_complete = False
        if not is_complete:
            msg = (
                f'Audio file {str(self.path)!r} ends before the {frames} samples that its header states: copy it again '
                'or repair it.'
            )
            raise AudioError(msg)


def _libsndfile() -> Any:
    try:
        import soundfile
    except OSError as error:
        msg = f'Cannot load libsndfile: {error}. Install it, on Ubuntu with: apt-get install libsndfile1'
        raise AudioError(msg) from None
    return soundfile


def _sample_bytes(subtype: str) -> int:
    """Return the bytes of a sample of an uncompressed subtype, or 0."""
    sizes = {'PCM_S8': 1, 'PCM_U8': 1, 'ULAW': 1, 'ALAW': 1, 'PCM_16': 2, 'PCM_24': 3, 'PCM_32': 4, 'FLOAT': 4}
    return {**sizes, 'DOUBLE': 8}.get(subtype, 0)


def _truncation(data: WaveData | None, frames: int | None, frame_bytes: int) -> str:
    """Return how much of a file is missing, or an empty string."""
    if data is None or not data.missing_bytes:
        return ''
    if not frame_bytes:
        return f'ends {data.missing_bytes} bytes before the samples that its header states'
    stated = (data.stated_bytes or 0) // frame_bytes
    return f'ends after {frames} of the {stated} samples that its header states'
