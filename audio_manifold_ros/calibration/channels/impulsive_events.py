# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Detection of claps, chirps and other short sounds, and their TDOAs."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, pairwise

import numpy as np
import scipy.fft
import scipy.ndimage
from numpy.typing import NDArray

from audio_manifold_ros.calibration.channels.cross_spectra import cross_spectra, frame_length, iterate_spectra
from audio_manifold_ros.calibration.channels.tdoa import TdoaEstimates, correlation_peaks, solve_channel_lags
from audio_manifold_ros.common.array_types import FloatArray, Samples

FRAME_S = 0.008
MIN_HZ, MAX_RATE_FRACTION = 300.0, 0.45
# Passing cars rise and fall within seconds. The longest chirp is shorter than half of this.
BASELINE_S = 4.0
MIN_RISE_DB = 6.0
JOINED_S, MIN_PAUSE_S, MAX_DURATION_S = 0.05, 0.15, 1.5
BEFORE_S, AFTER_S = 0.004, 0.008
NOISE_S, NOISE_FRAME = 0.5, 512
SMOOTHED_HZ, MAX_WEIGHT = 150.0, 20.0


@dataclass(frozen=True)
class ImpulsiveEvents:
    """Time spans of short sounds.

    Attributes:
        spans: First sample and end sample (exclusive) of each event, with a margin (event, 2).
        rises_db: Largest rise of each event above the baseline (event,).

    """

    spans: NDArray[np.int64]
    rises_db: FloatArray


def detect_events(samples: Samples, sample_rate_hz: int, max_lag_s: float) -> ImpulsiveEvents:
    """Detect short sounds that all channels receive.

    Each frequency bin is divided by its median over time, so that the whole bandwidth of a clap counts. The level is
    compared with the median of the surrounding seconds.

    Args:
        samples: Raw float32 (channel, n).
        sample_rate_hz: Sample rate.
        max_lag_s: Longest travel time of sound across the array.

    Raises:
        CalibrationError: The recording is shorter than a frame.

    """
    frame = frame_length(FRAME_S, sample_rate_hz)
    rise_db = _rises_db(samples, sample_rate_hz, frame)
    hop = frame // 2
    loud = np.flatnonzero(rise_db > MIN_RISE_DB)
    groups = np.split(loud, np.flatnonzero(np.diff(loud) * hop > JOINED_S * sample_rate_hz) + 1) if len(loud) else []
    lag = round(max_lag_s * sample_rate_hz)
    before, behind = (round(margin_s * sample_rate_hz) + lag for margin_s in (BEFORE_S, AFTER_S))
    spans = [(int(group[0]) * hop - before, int(group[-1]) * hop + frame + behind) for group in groups]
    isolated = [a[1] < b[0] for a, b in pairwise([(0, -1), *spans])]
    kept = [
        (span, float(rise_db[group].max()))
        for span, group, is_isolated in zip(spans, groups, isolated, strict=True)
        if is_isolated
        and span[0] >= 0
        and span[1] <= samples.shape[1]
        and span[1] - span[0] < MAX_DURATION_S * sample_rate_hz
    ]
    return ImpulsiveEvents(
        np.array([span for span, _ in kept], dtype=np.int64).reshape(-1, 2), np.array([rise for _, rise in kept])
    )


def _rises_db(samples: Samples, sample_rate_hz: int, frame: int) -> FloatArray:
    """Return the rise of each frame above the baseline around it (frame,)."""
    frequencies_hz = np.arange(frame // 2 + 1) * sample_rate_hz / frame
    inside = (frequencies_hz >= MIN_HZ) & (frequencies_hz < MAX_RATE_FRACTION * sample_rate_hz)
    parts = [np.abs(spectra[:, :, inside]) ** 2 for spectra in iterate_spectra(samples, frame)]
    power = np.concatenate(parts, axis=1)
    baseline = np.median(power, axis=1, keepdims=True)
    level = np.divide(power, baseline, out=np.zeros_like(power), where=baseline > 0).mean(axis=2, dtype=np.float64)
    # The median over the channels ignores a click on one channel.
    level_db = 10 * np.log10(np.median(level, axis=0) + 1e-12)
    around = round(BASELINE_S * sample_rate_hz / (frame // 2)) | 1
    return np.asarray(level_db - scipy.ndimage.median_filter(level_db, min(around, len(level_db)), mode='nearest'))


def estimate_event_tdoas(
    samples: Samples, sample_rate_hz: int, events: ImpulsiveEvents, max_lag_s: float
) -> TdoaEstimates:
    """Estimate the TDOAs of each event.

    The method is that of `estimate_tdoas`. The coherence of a single short sound follows from the ratio of each
    frequency bin to the noise just before the sound.

    Args:
        samples: Raw float32 (channel, n).
        sample_rate_hz: Sample rate.
        events: Events of `detect_events` in these samples.
        max_lag_s: Longest lag to search.

    """
    pairs = np.array(list(combinations(range(len(samples)), 2)))
    max_lag = round(max_lag_s * sample_rate_hz)
    lags, misfits, clarities = [], [], []
    for start, end in events.spans.tolist():
        phases, total = _weighted_phases(samples, sample_rate_hz, (start, end), pairs)
        pair_lags, heights = correlation_peaks(phases, total, max_lag)
        channel_lags, misfit = solve_channel_lags(pair_lags, np.abs(heights), pairs, len(samples))
        lags.append(channel_lags)
        misfits.append(misfit)
        clarities.append(float(np.median(np.abs(heights))))
    return TdoaEstimates(
        events.spans.mean(axis=1) / sample_rate_hz,
        np.array(lags).reshape(-1, len(samples)),
        np.array(misfits),
        np.array(clarities),
    )


def _weighted_phases(
    samples: Samples, sample_rate_hz: int, span: tuple[int, int], pairs: NDArray[np.int64]
) -> tuple[NDArray[np.complex128], FloatArray]:
    """Return the weighted cross-spectra (pair, bin) of one event for `correlation_peaks`, and their sum of weights."""
    start, end = span
    width = end - start
    # Twice the width avoids circular wrap-around of late sound.
    length = scipy.fft.next_fast_len(2 * width, real=True)
    length += length % 2
    fade = np.minimum(np.minimum(np.arange(width) + 1, width - np.arange(width)) / (BEFORE_S * sample_rate_hz), 1.0)
    spectra = scipy.fft.rfft(samples[:, start:end] * fade, length, axis=1)
    densities = 2 * np.abs(spectra) ** 2 / (sample_rate_hz * float(fade @ fade))
    bins = max(round(SMOOTHED_HZ * length / sample_rate_hz), 1)
    smoothed = scipy.ndimage.uniform_filter1d(densities, bins, axis=1)
    frequencies_hz = np.arange(spectra.shape[1]) * sample_rate_hz / length
    noise = _noise_densities(samples, sample_rate_hz, span, frequencies_hz)
    signal_fraction = np.divide(
        np.maximum(smoothed - noise, 0), smoothed, out=np.zeros_like(smoothed), where=smoothed > 0
    )
    squared = np.minimum(signal_fraction[pairs[:, 0]] * signal_fraction[pairs[:, 1]], 0.999)
    weight = np.minimum(squared / (1 - squared), MAX_WEIGHT)
    weight *= (frequencies_hz >= MIN_HZ) & (frequencies_hz < MAX_RATE_FRACTION * sample_rate_hz)
    cross = spectra[pairs[:, 0]] * spectra[pairs[:, 1]].conj()
    size = np.abs(cross)
    return np.divide(cross, size, out=np.zeros_like(cross), where=size > 0) * weight, weight.sum(axis=1)


def _noise_densities(
    samples: Samples, sample_rate_hz: int, span: tuple[int, int], frequencies_hz: FloatArray
) -> FloatArray:
    """Return the power densities (channel, bin) of the half second before an event, or after an event at the start."""
    noise_samples = round(NOISE_S * sample_rate_hz)
    part = samples[:, max(span[0] - noise_samples, 0) : span[0]]
    if part.shape[1] < 4 * NOISE_FRAME:
        part = samples[:, span[1] : span[1] + noise_samples]
    spectra = cross_spectra(part, sample_rate_hz, NOISE_FRAME)
    return np.array([np.interp(frequencies_hz, spectra.frequencies_hz, power) for power in spectra.powers.T])
