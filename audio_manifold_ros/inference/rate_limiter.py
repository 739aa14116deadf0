# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a computer sustains: so many predictions a second that nothing ever waits in a queue."""

from __future__ import annotations

import math

# Averages forget like this: after eight predictions two thirds are new.
SMOOTHING_FACTOR = 1 / 8
# The thread rests for the other part, so that the messages of this and other processes get out on a single core.
MAX_UTILIZATION = 0.95
# Where hearing alone takes nearly all the time, some is predicted nevertheless.
MIN_PREDICTION_UTILIZATION = 0.1


class SustainedRateEstimator:
    """Learns from every prediction how many of them one thread can make a second.

    All sound must be heard, whatever is predicted; the time that this leaves, but for a rest, can go into predictions.
    Time is that of the wall clock: what other programs take of the computer counts.
    """

    def __init__(self) -> None:
        """Know nothing: no rate is too high."""
        self._preprocessing_utilization = 0.0
        self._prediction_s = 0.0
        self._last_s: float | None = None

    @property
    def rate_hz(self) -> float:
        """Predictions a second that are sustained; infinity before the second prediction."""
        if not self._prediction_s:
            return math.inf
        return max(MAX_UTILIZATION - self._preprocessing_utilization, MIN_PREDICTION_UTILIZATION) / self._prediction_s

    def add(self, preprocessing_s: float, prediction_s: float, now_s: float) -> None:
        """Learn from a prediction.

        Args:
            preprocessing_s: Time that all sound took since the prediction before.
            prediction_s: Time that the prediction took, its messages included.
            now_s: Instant of its end.

        """
        last_s, self._last_s = self._last_s, now_s
        if last_s is None:
            return
        utilization = min(preprocessing_s / max(now_s - last_s, preprocessing_s, 1e-9), 1.0)
        weight = SMOOTHING_FACTOR if self._prediction_s else 1.0
        self._preprocessing_utilization += weight * (utilization - self._preprocessing_utilization)
        self._prediction_s += weight * (prediction_s - self._prediction_s)
