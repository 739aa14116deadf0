# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Audio of an imported folder: one file with all channels, or one file per microphone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.errors import TrainingError
from training.importing.folder.recording_files import MAX_CHANNELS
from training.importing.reference_conversion import MAX_PEAK
from training.importing.wav_tracks import BLOCK_S, WavTracks, missing_bytes

RATE_LIMITS_HZ = (4_000, 192_000)


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
            TrainingError: A file cannot be read, or the files do not match each other.

        """
        self._full_scale = full_scale
        self._open = ExitStack()
        path = files[min(files)]
        with _sound_file(path) as first:
            self.sample_rate_hz, found, frames = int(first.samplerate), int(first.channels), int(first.frames)
        if not RATE_LIMITS_HZ[0] <= self.sample_rate_hz <= RATE_LIMITS_HZ[1] or not frames:
            msg = f'{str(path)!r}: {frames} samples at {self.sample_rate_hz} Hz: give audio at {RATE_LIMITS_HZ} Hz.'
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
            tracks = self._open.enter_context(WavTracks(files, self.channels, self.sample_rate_hz))
            self.notes, self._blocks = tracks.notes, tracks.blocks()
        self.peaks: NDArray[np.float32] = np.zeros(self.channels, dtype=np.float32)

    def blocks(self) -> Iterator[NDArray[np.float32]]:
        """Yield the audio in order: float32 (channel, sample), full scale ±1, zeros in missing channels.

        Raises:
            TrainingError: A file is damaged, contains NaN or infinite samples, or exceeds full scale.

        """
        for block in self._blocks:
            peaks = np.abs(block).max(axis=1)
            if peaks.max() > MAX_PEAK * self._full_scale:
                msg = (
                    f'Samples up to {peaks.max():.4g} in channel {int(peaks.argmax())}, but full scale is '
                    f'{self._full_scale:g}: give the sample value of full scale (--full-scale). It is 32768 for float '
                    'files in int16 steps.'
                )
                raise TrainingError(msg)
            self.peaks = np.maximum(self.peaks, peaks / np.float32(self._full_scale))
            yield block / np.float32(self._full_scale)

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

    def _whole_file(self, path: Path) -> Iterator[NDArray[np.float32]]:
        import soundfile

        lost = missing_bytes(path)
        if lost:
            self.notes = (f'{path.name} is truncated: {lost} bytes shorter than its header states. Copy it again',)
        with _sound_file(path) as file:
            for _ in range(0, file.frames, BLOCK_S * file.samplerate):
                try:
                    samples = file.read(BLOCK_S * file.samplerate, dtype='float32', always_2d=True)
                except soundfile.SoundFileError as error:
                    msg = f'{str(path)!r} cannot be read ({error}): copy it again.'
                    raise TrainingError(msg) from None
                if not len(samples):
                    return
                if not np.all(np.isfinite(samples)):
                    msg = f'{str(path)!r} contains NaN or infinite samples: write it again.'
                    raise TrainingError(msg)
                yield np.ascontiguousarray(samples.T)

    def _check_mono(self, files: Mapping[int, Path]) -> None:
        for path in files.values():
            with _sound_file(path) as file:
                if file.channels != 1:
                    msg = (
                        f'{str(path)!r} has {file.channels} channels next to {len(files) - 1} other files: give one '
                        'file with all channels, or files with one channel each.'
                    )
                    raise TrainingError(msg)


def _sound_file(path: Path) -> Any:
    import soundfile

    try:
        return soundfile.SoundFile(path)
    except (soundfile.SoundFileError, OSError, RuntimeError) as error:
        msg = f'{str(path)!r} cannot be read as audio ({error}): copy it again.'
        raise TrainingError(msg) from None
