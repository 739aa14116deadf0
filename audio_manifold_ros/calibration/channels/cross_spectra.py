# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Long-term auto- and cross-spectra of all channels (Welch 1967)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import scipy.fft
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from audio_manifold_ros.common.array_types import FloatArray, Samples
from audio_manifold_ros.common.errors import CalibrationError

BATCH_FRAMES = 256


@dataclass(frozen=True)
class CrossSpectra:
    """Spectra averaged over frames.

    Attributes:
        frequencies_hz: Frequency of each bin (bin,).
        matrices: complex128 (bin, channel, channel), one-sided densities in full scale² per Hz. The diagonal is the
            power of each channel.
        frames: Number of averaged frames.

    """

    frequencies_hz: FloatArray
    matrices: NDArray[np.complex128]
    frames: int

    @property
    def powers(self) -> FloatArray:
        """Power densities (bin, channel)."""
        return np.asarray(np.einsum('fcc->fc', self.matrices).real)

    def coherences(self) -> NDArray[np.complex128]:
        """Return the complex coherence (bin, channel, channel). It is 0 where a channel is silent."""
        root = np.sqrt(np.maximum(self.powers, 0.0))
        product = root[:, :, None] * root[:, None, :]
        found = np.divide(self.matrices, product, out=np.zeros_like(self.matrices), where=product > 0)
        return np.asarray(found)

    def band_mask(self, low_hz: float, high_hz: float) -> NDArray[np.bool_]:
        """Return a mask of the bins in a band (bin,)."""
        return (self.frequencies_hz >= low_hz) & (self.frequencies_hz < high_hz)


def frame_length(seconds: float, sample_rate_hz: int) -> int:
    """Return the smallest power of two that is not shorter than a time, in samples."""
    return 1 << (round(seconds * sample_rate_hz) - 1).bit_length()


def iterate_spectra(samples: Samples, frame_samples: int) -> Iterator[NDArray[np.complex64]]:
    """Yield spectra (channel, frame, bin) of half-overlapping frames, with the mean removed and a periodic Hann window.

    Args:
        samples: float32 (channel, n), at least one frame.
        frame_samples: Length of a frame. It is even.

    Raises:
        CalibrationError: The recording is shorter than a frame.

    """
    if samples.shape[1] < frame_samples:
        msg = f'{samples.shape[1]} samples are too few to measure: record at least {frame_samples}.'
        raise CalibrationError(msg)
    hop = frame_samples // 2
    window = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(frame_samples) / frame_samples)).astype(np.float32)
    frames = sliding_window_view(samples, frame_samples, axis=1)[:, ::hop]
    for start in range(0, frames.shape[1], BATCH_FRAMES):
        part = frames[:, start : start + BATCH_FRAMES]
        centred = part - part.mean(axis=2, keepdims=True)
        yield np.asarray(scipy.fft.rfft(centred * window, axis=2), dtype=np.complex64)


def cross_spectra(samples: Samples, sample_rate_hz: int, frame_samples: int = 2048) -> CrossSpectra:
    """Compute the long-term spectra of a recording.

    Args:
        samples: float32 (channel, n), full scale ±1.
        sample_rate_hz: Sample rate.
        frame_samples: Length of a frame. It is even.

    Raises:
        CalibrationError: The recording is shorter than a frame.

    """
    total, frames = np.zeros((frame_samples // 2 + 1, len(samples), len(samples)), dtype=np.complex128), 0
    for spectra in iterate_spectra(samples, frame_samples):
        by_bin = spectra.transpose(2, 0, 1)
        total += by_bin @ by_bin.conj().transpose(0, 2, 1)
        frames += spectra.shape[1]
    # A Hann window keeps 3/8 of the power.
    total *= 2 / (frames * 0.375 * frame_samples * sample_rate_hz)
    frequencies_hz = np.arange(len(total)) * sample_rate_hz / frame_samples
    return CrossSpectra(frequencies_hz, total, frames)
