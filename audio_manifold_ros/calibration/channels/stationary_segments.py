# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Stationary segments: time spans of a recording in which no source moves, and the clock drift within them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from audio_manifold_ros.calibration.channels.tdoa import TdoaEstimates
from audio_manifold_ros.common.array_types import FloatArray
from audio_manifold_ros.common.errors import CalibrationError
from audio_manifold_ros.common.units import MAD_TO_STD

# Segments belong to one place if their lags differ by less than this fraction of the aperture, or by this, per step.
STATIONARY_RATIO, STATIONARY_SAMPLES = 0.02, 0.15
MIN_PIECES = 2
LAG_STD_SAMPLES = 0.005


@dataclass(frozen=True)
class StationarySegments:
    """Time spans in which no source moves. Each is one place of the loudspeaker.

    Attributes:
        times_s: Middle of each span (place,).
        spans_s: Start and end of each span (place, 2).
        lags_samples: Lag of each channel relative to the median of all (place, channel).
        std_samples: Standard deviation of the lags (place, channel).
        drift_samples_per_s: Clock drift of each channel relative to the median, in samples per second (channel,).
        drift_std_samples_per_s: Standard deviation of the drifts (channel,).

    """

    times_s: FloatArray
    spans_s: FloatArray
    lags_samples: FloatArray
    std_samples: FloatArray
    drift_samples_per_s: FloatArray
    drift_std_samples_per_s: FloatArray


def find_stationary_segments(tdoas: TdoaEstimates, width_samples: float) -> StationarySegments:
    """Join consecutive segments with the same source position. Segments without a clear sound are left out.

    Args:
        tdoas: TDOAs of all segments.
        width_samples: Travel time of sound across the array, in samples.

    Raises:
        CalibrationError: There is no stationary sound.

    """
    is_clear = tdoas.is_clear
    # Most steps between segments are made while nothing moves, so their median is the clock drift.
    steps = np.diff(tdoas.lags_samples, axis=0)[is_clear[1:] & is_clear[:-1]]
    step = np.median(steps, axis=0) if len(steps) else np.zeros(tdoas.lags_samples.shape[1])
    lags = tdoas.lags_samples - np.arange(len(is_clear))[:, None] * step
    max_step_samples = max(STATIONARY_RATIO * width_samples, STATIONARY_SAMPLES)
    groups: list[list[int]] = []
    for piece in np.flatnonzero(is_clear).tolist():
        before = groups[-1][-1] if groups else -2
        if before == piece - 1 and np.abs(lags[piece] - lags[before]).max() < max_step_samples:
            groups[-1].append(piece)
        else:
            groups.append([piece])
    kept = [group for group in groups if len(group) >= MIN_PIECES]
    if not kept:
        msg = (
            f'No clear sound is stationary for a second: {int(is_clear.sum())} of {len(is_clear)} segments of half a '
            'second are clear. Play louder, come closer, and hold the loudspeaker still at each place.'
        )
        raise CalibrationError(msg)
    drift_samples_per_s, drift_std_samples_per_s = _drift_within(tdoas, kept)
    middles = np.array([tdoas.times_s[group].mean() for group in kept])
    still = tdoas.lags_samples - tdoas.times_s[:, None] * drift_samples_per_s
    # A passing car disturbs the lags of the channels that face it for a while.
    scatter = [still[group].std(axis=0) / np.sqrt(len(group)) for group in kept]
    half_s = np.median(np.diff(tdoas.times_s)) / 2 if len(tdoas.times_s) > 1 else 0.0
    spans_s = np.array([(tdoas.times_s[group[0]] - half_s, tdoas.times_s[group[-1]] + half_s) for group in kept])
    return StationarySegments(
        middles,
        spans_s,
        np.array([np.median(still[group], axis=0) for group in kept]) + middles[:, None] * drift_samples_per_s,
        np.hypot(np.array(scatter), LAG_STD_SAMPLES),
        drift_samples_per_s,
        drift_std_samples_per_s,
    )


def _drift_within(tdoas: TdoaEstimates, groups: list[list[int]]) -> tuple[FloatArray, FloatArray]:
    """Return the drift (channel,) in samples per second and its standard deviation: the median slope of the places."""
    slopes, spans = [], []
    for group in groups:
        elapsed_s = tdoas.times_s[group] - tdoas.times_s[group].mean()
        slopes.append(elapsed_s @ tdoas.lags_samples[group] / (elapsed_s @ elapsed_s))
        spans.append(elapsed_s @ elapsed_s)
    median = np.median(slopes, axis=0)
    spread = np.median(np.abs(slopes - median), axis=0) * MAD_TO_STD
    min_std = LAG_STD_SAMPLES / np.sqrt(np.sum(spans))
    return median - np.median(median), np.maximum(spread / np.sqrt(len(groups)), min_std)
