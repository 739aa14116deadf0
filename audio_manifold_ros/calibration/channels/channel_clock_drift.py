# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Clock drift between channels: two sound devices in one array have two clocks, which no fixed delay can align."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.calibration.channels.cross_spectra import frame_length, iterate_spectra
from audio_manifold_ros.calibration.channels.tdoa import correlation_peaks, parabolic_offset, solve_channel_lags
from audio_manifold_ros.common.array_types import FloatArray, Samples
from audio_manifold_ros.common.units import SPEED_OF_SOUND_MPS

FRAME_S, MAX_DURATION_S = 0.3, 120.0
MIN_HZ, MAX_HZ, CENTRE_HZ = 40.0, 1000.0, 200.0
MAX_LAG_S = 0.02
MAX_DRIFT_PPM = 300.0
# Healthy arrays show up to 5 ppm in a minute of street noise, and more in shorter recordings.
MIN_AMBIENT_DRIFT_PPM, FULL_ACCURACY_S = 8.0, 60.0
# For drifts measured with a stationary loudspeaker or a wired signal.
MIN_DRIFT_PPM, MIN_SIGMAS = 0.5, 5.0


def estimate_ambient_drift(samples: Samples, sample_rate_hz: int, positions_m: FloatArray) -> FloatArray:
    """Estimate the clock drift of each channel from ambient sound.

    For each pair, the drift is the one that maximises the sum of the cross-spectra of all frames. Sources that move
    across the array add a drift that is proportional to the microphone positions, and this part is subtracted.
    Therefore two devices on opposite sides of an array are not detected, and other arrangements only from about 10 ppm
    upwards. With a stationary loudspeaker 0.5 ppm can be detected.

    Args:
        samples: Raw float32 (channel, n). The first two minutes are used.
        sample_rate_hz: Sample rate.
        positions_m: Positions of the microphones (channel, 3).

    Returns:
        Drift of each channel in ppm (channel,), positive for a slower clock.

    Raises:
        CalibrationError: The recording is shorter than a frame.

    """
    frame = frame_length(FRAME_S, sample_rate_hz)
    spectra = np.concatenate(list(iterate_spectra(samples[:, : round(MAX_DURATION_S * sample_rate_hz)], frame)), axis=1)
    frequencies_hz = np.arange(frame // 2 + 1) * sample_rate_hz / frame
    bins = int((frequencies_hz <= MAX_HZ).sum())
    times_s = np.arange(spectra.shape[1]) * frame / 2 / sample_rate_hz
    spectra_whitened = spectra[:, :, :bins]
    spectra_whitened = spectra_whitened / np.maximum(
        np.sqrt((np.abs(spectra_whitened) ** 2).mean(axis=1, keepdims=True)), 1e-12
    )
    pairs = np.array(list(combinations(range(len(samples)), 2)))
    apart_m = np.linalg.norm(positions_m[pairs[:, 0]] - positions_m[pairs[:, 1]], axis=1)
    highest_hz = np.minimum(SPEED_OF_SOUND_MPS / (2 * np.maximum(apart_m, 1e-3)), MAX_HZ)
    inside = (frequencies_hz[:bins] >= MIN_HZ) & (frequencies_hz[:bins] < highest_hz[:, None])
    step = 0.25 / (CENTRE_HZ * max(float(np.ptp(times_s)), 1.0))
    count = int(MAX_DRIFT_PPM * 1e-6 / step) + 1
    drifts = np.arange(-count, count + 1) * step
    heights: FloatArray = np.array(
        [_heights(spectra_whitened, pairs, inside, frequencies_hz[:bins], times_s * drift, frame) for drift in drifts]
    )
    pair_ppm, height = _best_drift(np.asarray(drifts * 1e6, dtype=np.float64), heights)
    drift_ppm, _ = solve_channel_lags(pair_ppm, height * inside.sum(axis=1), pairs, len(samples))
    plane = np.column_stack([np.ones(len(samples)), positions_m])
    return np.asarray(drift_ppm - plane @ np.linalg.lstsq(plane, drift_ppm, rcond=None)[0])


def is_drifting(drift_ppm: FloatArray, duration_s: float) -> bool:
    """Return whether a result of `estimate_ambient_drift` is larger than ambient sound causes with one clock.

    Args:
        drift_ppm: Drift of each channel (channel,).
        duration_s: Length of the recording.

    """
    return bool(np.abs(drift_ppm).max() > MIN_AMBIENT_DRIFT_PPM * max(1.0, FULL_ACCURACY_S / duration_s))


def find_drifting_channels(drift_ppm: FloatArray, std_ppm: FloatArray) -> tuple[int, ...]:
    """Return the channels whose clock differs from the others: the smaller of two groups, or none.

    Args:
        drift_ppm: Drift of each channel (channel,).
        std_ppm: Standard deviation of the drifts (channel,).

    """
    ranks = np.argsort(drift_ppm, kind='stable')
    if len(ranks) < 2:
        return ()
    cut = int(np.diff(drift_ppm[ranks]).argmax()) + 1
    groups = sorted((ranks[:cut], ranks[cut:]), key=lambda group: (len(group), -int(group.min())))
    separation_ppm = abs(float(np.median(drift_ppm[groups[0]]) - np.median(drift_ppm[groups[1]])))
    max_std_ppm = max(float(np.median(std_ppm[group])) for group in groups)
    return tuple(sorted(groups[0].tolist())) if separation_ppm > max(MIN_SIGMAS * max_std_ppm, MIN_DRIFT_PPM) else ()


def _heights(
    spectra_whitened: NDArray[np.complex64],
    pairs: NDArray[np.int64],
    inside: NDArray[np.bool_],
    frequencies_hz: FloatArray,
    lag_s: FloatArray,
    frame: int,
) -> FloatArray:
    """Return squared correlation peaks (pair,) for a lag of the first channel that grows as `lag_s` (frame,)."""
    turned = spectra_whitened * np.exp(2j * np.pi * frequencies_hz * lag_s[:, None]).astype(np.complex64)
    cross = np.zeros((len(pairs), frame // 2 + 1), dtype=np.complex128)
    by_bin = turned.transpose(2, 0, 1) @ spectra_whitened.conj().transpose(2, 1, 0)
    cross[:, : len(frequencies_hz)] = by_bin[:, pairs[:, 0], pairs[:, 1]].T / spectra_whitened.shape[1] * inside
    rate_hz = frequencies_hz[1] * frame
    _, height = correlation_peaks(cross, inside.sum(axis=1).astype(np.float64), round(MAX_LAG_S * rate_hz))
    return np.asarray(height**2)


def _best_drift(drifts_ppm: FloatArray, heights: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the drift with the highest peak (pair,), interpolated between search steps, and the peak height."""
    pair = np.arange(heights.shape[1])
    best = np.clip(heights.argmax(axis=0), 1, len(drifts_ppm) - 2)
    left, middle, right = (heights[best + step, pair] for step in (-1, 0, 1))
    step_ppm = drifts_ppm[1] - drifts_ppm[0]
    return drifts_ppm[best] + parabolic_offset(left, middle, right) * step_ppm, middle
