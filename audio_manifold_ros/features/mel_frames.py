# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Band levels of frames of samples: the computation that the batch and the streaming form share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from audio_manifold_ros.features.banded_matrix import BandedMatrix
from audio_manifold_ros.features.mel_filterbank import mel_filterbank

if TYPE_CHECKING:
    from audio_manifold_ros.common.array_types import FloatArray, Samples
    from audio_manifold_ros.features.spec import FeatureSpec

BLOCK_VALUES = 4096
CHUNK_FRAMES = 16


def hann(length: int) -> FloatArray:
    """Return the periodic Hann window, float64 (length,)."""
    return 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(length) / length)


def analysis_window(spec: FeatureSpec) -> FloatArray:
    """Return the window of the frames, float64 (n_fft,): a Hann window, padded with zeros on both sides."""
    window = np.zeros(spec.n_fft)
    first = (spec.n_fft - spec.win_samples) // 2
    window[first : first + spec.win_samples] = hann(spec.win_samples)
    return window


class MelFrames:
    """Levels of mel or linear bands of frames of samples.

    The Fourier transform is computed in double precision. In single precision its rounding error is a fixed fraction
    (about 1e-7) of the energy of the frame. With one loud tone or a constant offset in the frame, that is up to one
    percent of the quietest bands of 16-bit audio: 1e-3 in the features, for a tolerance of 1e-4. The following steps
    sum positive numbers, for which single precision is sufficient.

    numpy and scipy compute the same transform in double precision. Importing scipy.fft takes about 40 MB of a robot's
    memory.

    A few frames at a time are transformed, so that they stay in the cache. One thread uses an instance.

    Args:
        spec: Definition of the features.

    """

    def __init__(self, spec: FeatureSpec) -> None:
        """Compute the window and the filters."""
        self._window = analysis_window(spec)
        self._bins = spec.n_fft // 2 + 1
        self._filters: BandedMatrix | None = None
        if spec.bands == 'mel':
            self._filters = BandedMatrix(np.ascontiguousarray(mel_filterbank(spec).T), BLOCK_VALUES)
        self._floor_power = np.float32(spec.floor_power)
        self._factor = np.float32(10.0 / np.log(10.0) / spec.db_divisor)
        self._windowed = np.empty((CHUNK_FRAMES, spec.n_fft), dtype=np.float64)

    def levels(self, frames: Samples) -> Samples:
        """Return the levels of frames of samples, in decibels divided by `db_divisor`.

        Args:
            frames: float32 (frame, n_fft).

        Returns:
            float32 (frame, mel_band).

        """
        power = np.empty((frames.shape[0], self._bins), dtype=np.float32)
        for first in range(0, frames.shape[0], CHUNK_FRAMES):
            self._power(frames[first : first + CHUNK_FRAMES], power[first : first + CHUNK_FRAMES])
        levels = self._filters.product(power) if self._filters else power
        np.maximum(levels, self._floor_power, out=levels)
        np.log(levels, out=levels)
        return np.multiply(levels, self._factor, out=levels)

    def _power(self, frames: Samples, out: Samples) -> None:
        windowed = np.multiply(frames, self._window, out=self._windowed[: frames.shape[0]])
        spectrum = np.fft.rfft(windowed, axis=-1).astype(np.complex64).view(np.float32)
        np.square(spectrum, out=spectrum)
        np.add(spectrum[:, 0::2], spectrum[:, 1::2], out=out)
