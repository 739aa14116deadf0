# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Long-term spectra of all channels and of all pairs of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import scipy.fft
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from audio_manifold_ros.common.array_types import FloatArray
from audio_manifold_ros.common.errors import CalibrationError

BATCH_FRAMES = 256


@dataclass(frozen=True)
class CrossSpectra:
    """Means over frames (Welch 1967).

    Attributes:
        frequencies_hz: (bin,).
        matrices: complex128 (bin, channel, channel), one-sided densities in full scale² per Hz; the diagonal is the
            power of a channel.
        frames: How many were averaged.

    """

    frequencies_hz: FloatArray
    matrices: NDArray[np.complex128]
    frames: int

    @property
    def powers(self) -> FloatArray:
        """Power densities (bin, channel)."""
        return np.asarray(np.einsum('fcc->fc', self.matrices).real)

    def coherences(self) -> NDArray[np.complex128]:
        """Return the complex coherence (bin, channel, channel); 0 where a channel is silent."""
        root = np.sqrt(np.maximum(self.powers, 0.0))
        product = root[:, :, None] * root[:, None, :]
        found = np.divide(self.matrices, product, out=np.zeros_like(self.matrices), where=product > 0)
        return np.asarray(found)

    def band_mask(self, low_hz: float, high_hz: float) -> NDArray[np.bool_]:
        """Return which bins (bin,) lie in a band."""
        return (self.frequencies_hz >= low_hz) & (self.frequencies_hz < high_hz)


def iterate_spectra(samples: NDArray[np.float32], frame_samples: int) -> Iterator[NDArray[np.complex64]]:
    """Yield spectra (channel, frame, bin) of half-overlapping frames without their mean, under a periodic Hann window.

    Args:
        samples: float32 (channel, n), at least one frame.
        frame_samples: Length of a frame, even.

    Raises:
        CalibrationError: There is less than a frame.

    """
    if samples.shape[1] < frame_samples:
        msg = f'{samples.shape[1]} samples are too few to measure: give at least {frame_samples}.'
        raise CalibrationError(msg)
    hop = frame_samples // 2
    window = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(frame_samples) / frame_samples)).astype(np.float32)
    frames = sliding_window_view(samples, frame_samples, axis=1)[:, ::hop]
    for start in range(0, frames.shape[1], BATCH_FRAMES):
        part = frames[:, start : start + BATCH_FRAMES]
        centred = part - part.mean(axis=2, keepdims=True)
        yield np.asarray(scipy.fft.rfft(centred * window, axis=2), dtype=np.complex64)


def cross_spectra(samples: NDArray[np.float32], sample_rate_hz: int, frame_samples: int = 2048) -> CrossSpectra:
    """Return the long-term spectra of a recording.

    Args:
        samples: float32 (channel, n), full scale ±1.
        sample_rate_hz: Rate.
        frame_samples: Length of a frame, even.

    Raises:
        CalibrationError: There is less than a frame.

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
