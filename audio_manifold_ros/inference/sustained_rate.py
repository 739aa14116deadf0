# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Estimate of the prediction rate that a computer sustains without a queue."""

from __future__ import annotations

import math
from collections import deque
from statistics import median

# The thread is idle for the rest, so that a single core can also take in sound and send messages.
MAX_UTILIZATION = 0.95
# The median of this many predictions ignores single stalls of the machine.
RECENT_PREDICTIONS = 16


class SustainedRateEstimator:
    """Estimates from the measured times how many predictions per second one thread can make.

    Time is wall-clock time, so the load of other threads and programs is included.
    """

    def __init__(self) -> None:
        """Start without a measurement."""
        self._predictions_s: deque[float] = deque(maxlen=RECENT_PREDICTIONS)
        self._has_warmed_up = False

    @property
    def rate_hz(self) -> float:
        """Sustained predictions per second, infinity before the second prediction."""
        return MAX_UTILIZATION / median(self._predictions_s) if self._predictions_s else math.inf

    def add(self, prediction_s: float) -> None:
        """Add the time that a prediction took, its messages included. The first one warms up and does not count."""
        if self._has_warmed_up:
            self._predictions_s.append(prediction_s)
        self._has_warmed_up = True
