# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Estimate of the prediction rate that a computer sustains without a queue."""

from __future__ import annotations

import math

# Exponential smoothing: after eight predictions two thirds of the average are new.
SMOOTHING_FACTOR = 1 / 8
# The thread is idle for the rest, so that a single core can also send the messages of this and other processes.
MAX_UTILIZATION = 0.95
# Used if the preprocessing alone takes nearly all the time.
MIN_PREDICTION_UTILIZATION = 0.1


class SustainedRateEstimator:
    """Estimates from the measured times how many predictions per second one thread can make.

    All audio must be preprocessed. The remaining time, except for a reserve, is available for predictions. Time is
    wall-clock time, so the load of other programs is included.
    """

    def __init__(self) -> None:
        """Start without a measurement."""
        self._preprocessing_utilization = 0.0
        self._prediction_s = 0.0
        self._last_s: float | None = None

    @property
    def rate_hz(self) -> float:
        """Sustained predictions per second, infinity before the second prediction."""
        if not self._prediction_s:
            return math.inf
        return max(MAX_UTILIZATION - self._preprocessing_utilization, MIN_PREDICTION_UTILIZATION) / self._prediction_s

    def add(self, preprocessing_s: float, prediction_s: float, now_s: float) -> None:
        """Add the times of a prediction.

        Args:
            preprocessing_s: Time that the audio took since the previous prediction.
            prediction_s: Time that the prediction took, its messages included.
            now_s: Time of its end.

        """
        last_s, self._last_s = self._last_s, now_s
        if last_s is None:
            return
        utilization = min(preprocessing_s / max(now_s - last_s, preprocessing_s, 1e-9), 1.0)
        weight = SMOOTHING_FACTOR if self._prediction_s else 1.0
        self._preprocessing_utilization += weight * (utilization - self._preprocessing_utilization)
        self._prediction_s += weight * (prediction_s - self._prediction_s)
