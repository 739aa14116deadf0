# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""TDOA estimation from cross-spectra: generalised cross-correlation with sub-sample accuracy."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import scipy.fft
import scipy.ndimage
from numpy.typing import NDArray

from audio_manifold_ros.calibration.channels.cross_spectra import CrossSpectra, cross_spectra, frame_length
from audio_manifold_ros.common.array_types import FloatArray, Samples

SEGMENT_S, FRAME_S = 0.5, 0.08
MIN_HZ, MAX_RATE_FRACTION = 100.0, 0.45
SMOOTHED_BINS = 9
MAX_WEIGHT = 20.0
FINE_STEPS = 8
MIN_CLARITY, MAX_MISFIT_SAMPLES = 0.35, 0.5


@dataclass(frozen=True)
class TdoaEstimates:
    """TDOAs of the segments or events of a recording.

    Attributes:
        times_s: Middle of each segment (segment,).
        lags_samples: Lag of each channel relative to the median of all (segment, channel).
        misfit_samples: Root mean square disagreement between the lags of the pairs (segment,).
        clarity: Height of the correlation peaks (segment,): 1 for a pure delay, about 0 for noise.

    """

    times_s: FloatArray
    lags_samples: FloatArray
    misfit_samples: FloatArray
    clarity: FloatArray

    @property
    def is_clear(self) -> NDArray[np.bool_]:
        """Mask of the segments (segment,) in which all channels receive one sound."""
        return (self.clarity > MIN_CLARITY) & (self.misfit_samples < MAX_MISFIT_SAMPLES)


def estimate_tdoas(samples: Samples, sample_rate_hz: int, max_lag_s: float) -> TdoaEstimates:
    """Estimate the TDOAs of segments of half a second.

    The cross-spectra keep their phase only (PHAT, Knapp and Carter 1976). They are weighted by the phase error that the
    coherence predicts (the Hannan-Thomson processor in the same paper), so that noisy bands do not count.

    Args:
        samples: Raw float32 (channel, n) of usable channels.
        sample_rate_hz: Sample rate.
        max_lag_s: Longest lag to search, below 40 ms.

    Raises:
        CalibrationError: The recording is shorter than a segment.

    """
    width = round(SEGMENT_S * sample_rate_hz)
    frame = frame_length(FRAME_S, sample_rate_hz)
    pairs = np.array(list(combinations(range(len(samples)), 2)))
    starts = range(0, max(samples.shape[1] - width, 0) + 1, width)
    lags, misfits, clarities = [], [], []
    for start in starts:
        spectra = cross_spectra(samples[:, start : start + width], sample_rate_hz, frame)
        pair_lags, clarity = _pair_lags(spectra, pairs, round(max_lag_s * sample_rate_hz))
        channel_lags, misfit = solve_channel_lags(pair_lags, clarity, pairs, len(samples))
        lags.append(channel_lags)
        misfits.append(misfit)
        clarities.append(float(np.median(clarity)))
    times_s = (np.array(starts) + width / 2) / sample_rate_hz
    return TdoaEstimates(times_s, np.array(lags), np.array(misfits), np.array(clarities))


def _pair_lags(spectra: CrossSpectra, pairs: NDArray[np.int64], max_lag: int) -> tuple[FloatArray, FloatArray]:
    """Return the lag of the first channel of each pair in samples, and the clarity of the peak (pair,)."""
    cross = spectra.matrices[:, pairs[:, 0], pairs[:, 1]].T
    size = np.abs(cross)
    smooth = scipy.ndimage.uniform_filter1d
    power = smooth(spectra.powers.T, SMOOTHED_BINS, axis=1)
    product = power[pairs[:, 0]] * power[pairs[:, 1]]
    squared = np.divide(smooth(size, SMOOTHED_BINS, axis=1) ** 2, product, out=np.zeros_like(size), where=product > 0)
    # Subtract the coherence that independent signals show by chance.
    squared = np.clip((squared - 1 / spectra.frames) / (1 - 1 / spectra.frames), 0, 0.999)
    highest_hz = MAX_RATE_FRACTION * 2 * spectra.frequencies_hz[-1]
    weight = np.minimum(squared / (1 - squared), MAX_WEIGHT) * spectra.band_mask(MIN_HZ, highest_hz)
    phases = np.divide(cross, size, out=np.zeros_like(cross), where=size > 0) * weight
    lags, height = correlation_peaks(phases, weight.sum(axis=1), max_lag)
    return lags, np.abs(height)


def correlation_peaks(phases: NDArray[np.complex128], total: FloatArray, max_lag: int) -> tuple[FloatArray, FloatArray]:
    """Return position and height of the highest correlation peak of either sign, for each pair.

    Args:
        phases: Weighted cross-spectra (pair, bin).
        total: Sum of the weights (pair,), which is the peak height of a pure delay.
        max_lag: Longest lag in samples. It is less than the number of bins.

    Returns:
        Lags in samples, accurate to about 0.01 (pair,), and heights -1..1 (pair,). A height is negative if the two
        channels have opposite polarity.

    """
    length = 2 * (phases.shape[1] - 1)
    coarse = np.abs(np.roll(scipy.fft.irfft(phases, length, axis=1), max_lag, axis=1)[:, : 2 * max_lag + 1])
    coarse_lag = coarse.argmax(axis=1) - max_lag
    bins = np.arange(phases.shape[1])
    aligned = phases * np.exp(2j * np.pi * bins * coarse_lag[:, None] / length)
    fine = np.arange(-FINE_STEPS, FINE_STEPS + 1) / FINE_STEPS
    values = (aligned @ np.exp(2j * np.pi * bins[:, None] * fine / length)).real
    signs = np.sign(values[np.arange(len(values)), np.abs(values).argmax(axis=1)])
    values *= signs[:, None]
    best = np.clip(values.argmax(axis=1), 1, len(fine) - 2)
    left, middle, right = (values[np.arange(len(values)), best + step] for step in (-1, 0, 1))
    lag = coarse_lag + fine[best] + parabolic_offset(left, middle, right) / FINE_STEPS
    return lag, np.divide(signs * middle, total, out=np.zeros_like(middle), where=total > 0)


def parabolic_offset(left: FloatArray, middle: FloatArray, right: FloatArray) -> FloatArray:
    """Return the vertex of the parabola through three equidistant values, -1..1 steps from the middle one."""
    curvature = left - 2 * middle + right
    offset = np.divide(left - right, 2 * curvature, out=np.zeros_like(curvature), where=curvature < 0)
    return np.clip(offset, -1, 1)


def solve_channel_lags(
    lags: FloatArray, clarity: FloatArray, pairs: NDArray[np.int64], channels: int
) -> tuple[FloatArray, float]:
    """Compute the lags of the channels from the lags of the pairs. The fit is robust to few contradicting pairs.

    Args:
        lags: Lag of the first channel of each pair (pair,).
        clarity: Weight of each pair (pair,).
        pairs: Channels of each pair (pair, 2).
        channels: Number of channels.

    Returns:
        Lag of each channel relative to the median (channel,), and the weighted root mean square of the residuals.

    """
    design = np.zeros((len(pairs), channels))
    design[np.arange(len(pairs)), pairs[:, 0]] = 1
    design[np.arange(len(pairs)), pairs[:, 1]] = -1
    weight = clarity.copy()
    for _ in range(4):
        root = np.sqrt(weight)[:, None]
        solved = np.linalg.lstsq(root * design, root[:, 0] * lags, rcond=None)[0]
        residual = lags - design @ solved
        # Cauchy weights: a pair that matched an echo is off by whole samples.
        weight = clarity / (1 + (residual / max(float(np.median(np.abs(residual))) * 3, 0.02)) ** 2)
    misfit = float(np.sqrt(np.average(residual**2, weights=np.maximum(weight, 1e-12))))
    return solved - np.median(solved), misfit
