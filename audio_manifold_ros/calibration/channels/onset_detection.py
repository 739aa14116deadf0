# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Onset detection: the instant at which a sudden sound begins."""

from __future__ import annotations

import numpy as np
import scipy.ndimage
import scipy.signal

from audio_manifold_ros.calibration.channels.impulsive_events import ImpulsiveEvents
from audio_manifold_ros.common.array_types import FloatArray, Samples

# Cars are loud below this frequency, claps above.
MIN_HZ = 800.0
SMOOTH_S, BEFORE_S = 3e-4, 0.1
# A sound begins where its amplitude exceeds this fraction of its peak and this multiple of the noise before it.
PEAK_RATIO, NOISE_FACTOR = 0.15, 4.0


def detect_onsets(samples: Samples, sample_rate_hz: int, events: ImpulsiveEvents) -> FloatArray:
    """Return the onset of each event (event,), in seconds since sample 0. NaN if most channels do not rise.

    Args:
        samples: Raw float32 (channel, n).
        sample_rate_hz: Sample rate.
        events: Events of `detect_events` in these samples.

    """
    high = scipy.signal.butter(4, MIN_HZ, 'highpass', fs=sample_rate_hz, output='sos')
    return np.array([_onset_s(samples, sample_rate_hz, span, high) for span in events.spans.tolist()])


def _onset_s(samples: Samples, sample_rate_hz: int, span: list[int], high: FloatArray) -> float:
    start = max(span[0] - round(BEFORE_S * sample_rate_hz), 0)
    part = scipy.signal.sosfilt(high, samples[:, start : span[1]].astype(np.float64), axis=1)
    amplitude = np.sqrt(scipy.ndimage.uniform_filter1d(part**2, max(round(SMOOTH_S * sample_rate_hz), 1), axis=1))
    before = max(span[0] - start, 1)
    noise = np.sqrt((part[:, :before] ** 2).mean(axis=1))
    threshold = np.maximum(PEAK_RATIO * amplitude.max(axis=1), NOISE_FACTOR * noise)
    above = amplitude[:, before:] > threshold[:, None]
    detected = above.any(axis=1)
    if detected.sum() * 2 < len(samples):
        return float('nan')
    return float(span[0] + np.median(above.argmax(axis=1)[detected])) / sample_rate_hz
