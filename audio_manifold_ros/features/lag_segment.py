# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Resampling of a spectrum to the few frequencies that describe a short segment of its inverse transform."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from audio_manifold_ros.audio.fourier import fast_length, inverse_transform, scaled_transform

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from audio_manifold_ros.common.array_types import FloatArray

KAISER_BETA = 9.0
# Half the width of the main lobe of a Kaiser window, times its length.
MAIN_LOBE = np.hypot(KAISER_BETA, np.pi) / np.pi
# Smallest sample rate of the band relative to its bandwidth.
OVERSAMPLING = 1.1


class LagSegment:
    """Resamples cross-spectra so that a short inverse transform gives a segment of the envelope of the correlation.

    The correlation of a window is a sum over the bins of a band. It is computed at a sample rate a little above the
    bandwidth, which keeps its envelope. The segment is cut out of it. At its ends the correlation fades over some
    samples (the integral of a Kaiser window), and both fades overlap. The transform of this cut has few frequencies.
    The fades are so long that their spectrum, and with it the error, is 90 dB below the rest of the correlation.

    Attributes:
        frequencies: float64 (new_bin,), new frequencies in cycles per sample of the window, equally spaced.
        period_samples: Length of the inverse transform of the new bins at the sample rate of the window.
        is_cut: False if the segment is nearly the whole correlation. The new bins are then those of the band.
        rate_samples: Samples of the correlation at the rate of the band.
        first: Place of the band in the spectrum at this rate.
        indices: Samples to cut out: the first fade, the segment, the second fade. They are circular.
        inside: Samples of the segment.
        rise: float32 (sample,), factor of the first fade. That of the second one is 1 minus this.
        output_phase: complex128 (new_bin,). With this factor, the first sample of the inverse transform is `first_lag`.

    Args:
        bins: The first bin of the band, and the bin after its last one.
        window_samples: Length of the window.
        lags: First sample of the segment, and the sample after its last one.
        margin: Samples on both sides of the segment that later shifts move into it.

    """

    def __init__(self, bins: tuple[int, int], window_samples: int, lags: tuple[int, int], margin: int) -> None:
        """Choose sample rate and period, and compute the fades."""
        self._count = bins[1] - bins[0]
        step = _largest_step(window_samples, OVERSAMPLING * self._count)
        self.rate_samples = window_samples // step
        fade_samples = int(np.ceil(2 * MAIN_LOBE * self.rate_samples / (self.rate_samples - self._count)))
        start = (lags[0] - margin) // step
        self.inside = -(-(lags[1] + margin) // step) - start
        period = fast_length(self.inside + fade_samples)
        self.is_cut = period < self.rate_samples
        if not self.is_cut:
            step, start, self.inside, period, self.rate_samples = 1, 0, self._count, self._count, self._count
        self.first = (self.rate_samples - self._count) // 2
        self.period_samples = period * step if self.is_cut else window_samples
        rise = np.cumsum(np.kaiser(period - self.inside + 1, KAISER_BETA))
        self.rise = (rise[:-1] / rise[-1]).astype(np.float32)
        self.indices = np.arange(start - len(self.rise), start + period) % self.rate_samples
        new_bins = np.arange(period)
        self.frequencies: FloatArray = (bins[0] - self.first) / window_samples + new_bins / self.period_samples
        self.output_phase = np.exp(2j * np.pi * new_bins * (lags[0] - start * step) / self.period_samples)

    def resample(self, spectra: NDArray[np.complex64], factor: NDArray[np.complex64]) -> NDArray[np.complex64]:
        """Return the product of spectra (mic, bin) and a factor (bin,) at the new frequencies, (mic, new_bin)."""
        if not self.is_cut:
            return spectra * factor
        band = np.zeros((len(spectra), self.rate_samples), dtype=np.complex64)
        np.multiply(spectra, factor, out=band[:, self.first : self.first + self._count])
        correlation = inverse_transform(band, out=band)
        cut = correlation[:, self.indices]
        fade_samples = len(self.rise)
        period = cut[:, fade_samples:]
        period[:, self.inside :] *= 1 - self.rise
        period[:, self.inside :] += cut[:, :fade_samples] * self.rise
        return scaled_transform(period)


def _largest_step(window_samples: int, min_samples: float) -> int:
    """Return the largest divisor of the length of the window that leaves at least `min_samples`."""
    steps = range(max(int(window_samples / min_samples), 1), 0, -1)
    return next(step for step in steps if window_samples % step == 0)
