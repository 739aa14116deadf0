# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Resampling of a spectrum to the few bins that describe a short segment of its inverse transform."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from scipy import fft

from audio_manifold_ros.features.banded_matrix import BandedMatrix

if TYPE_CHECKING:
    from numpy.typing import NDArray

ATTENUATION_DB = 90.0
# The period of the segment relative to the lags in it. A longer one needs shorter filters, and longer transforms.
PERIOD_RATIO = 1.45
BLOCK_VALUES = 1 << 14


class LagSegment:
    """Resamples cross-spectra so that a short inverse transform gives a segment of the correlation.

    The correlation of a window of N samples is a sum over bins that are 1 / N apart. A segment of it needs only bins
    that are 1 / `period_samples` apart. They are a convolution of the spectrum with a sinc under a Kaiser window, which
    multiplies the correlation by a window that is 1 in the segment and small beyond a period. The error is
    `ATTENUATION_DB` below the rest of the correlation.

    Attributes:
        bins: Indices (new_bin,) of the new bins, in units of the sample rate over `period_samples`.
        period_samples: Length of the inverse transform.
        output_phase: complex128 (new_bin,). With this factor, the first sample of the inverse transform is `first_lag`.

    Args:
        bins: Consecutive bins (bin,) of the spectrum.
        window_samples: Length of the window, N.
        first_lag: First sample of the segment.
        last_lag: The sample after its last one.
        margin: Samples on both sides of the segment that later shifts move into it.

    """

    def __init__(self, bins: NDArray[np.intp], window_samples: int, first_lag: int, last_lag: int, margin: int) -> None:
        """Design the filter."""
        needed = last_lag - first_lag + 2 * margin
        self.period_samples = int(fft.next_fast_len(int(PERIOD_RATIO * needed)))
        self._matrix: BandedMatrix | None = None
        centre = (first_lag + last_lag) / 2
        if PERIOD_RATIO * self.period_samples >= window_samples:
            self.period_samples, self.bins, centre = window_samples, bins, 0.0
        else:
            transition = 2 * (self.period_samples - needed)
            taps = (ATTENUATION_DB - 7.95) / 14.36 * 2 * window_samples / transition
            self.bins, matrix = _sinc_matrix(bins, self.period_samples / window_samples, taps / 2)
            self._matrix = BandedMatrix(matrix, BLOCK_VALUES)
        self._input_phase = np.exp(2j * np.pi * bins * centre / window_samples).astype(np.complex64)
        self.output_phase = np.exp(2j * np.pi * self.bins * (first_lag - centre) / self.period_samples)

    def resample(self, spectra: NDArray[np.complex64]) -> NDArray[np.complex64]:
        """Return spectra (mic, bin) at the new bins, (mic, new_bin)."""
        if self._matrix is None:
            return spectra
        shifted = spectra * self._input_phase
        parts = np.concatenate([shifted.real, shifted.imag])
        resampled = self._matrix.product(parts)
        result = np.empty((len(spectra), len(self.bins)), dtype=np.complex64)
        result.real, result.imag = resampled[: len(spectra)], resampled[len(spectra) :]
        return result


@lru_cache(maxsize=8)
def lag_segment(
    first_bin: int, last_bin: int, window_samples: int, first_lag: int, last_lag: int, margin: int
) -> LagSegment:
    """Return the segment for the bins from `first_bin` up to, not including, `last_bin`. It is designed once."""
    return LagSegment(np.arange(first_bin, last_bin), window_samples, first_lag, last_lag, margin)


def _sinc_matrix(
    bins: NDArray[np.intp], ratio: float, half_taps: float
) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Return the new bins, and the matrix (bin, new_bin) that resamples to them."""
    first = np.ceil((bins[0] - half_taps) * ratio)
    last = np.floor((bins[-1] + half_taps) * ratio)
    new_bins = np.arange(first, last + 1).astype(np.intp)
    distance = new_bins - bins[:, None] * ratio
    inside = np.clip(1 - (distance / (half_taps * ratio)) ** 2, 0.0, None)
    beta = 0.1102 * (ATTENUATION_DB - 8.7)
    window = np.where(inside > 0, np.i0(beta * np.sqrt(inside)) / np.i0(beta), 0.0)
    return new_bins, (np.sinc(distance) * window).astype(np.float32)
