# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Histogram of message intervals: median, deviation and gaps in constant memory."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

MIN_INTERVAL_NS = 1_000
GROWTH = 1.01
BINS = 2400
LOG_GROWTH = math.log(GROWTH)


class IntervalHistogram:
    """Histogram from one microsecond to six hours. Each bin is 1 % wider than the one before.

    Results are accurate to 1 %.

    Attributes:
        count: Number of intervals.
        max_ns: Longest interval (exact).

    """

    def __init__(self) -> None:
        """Start empty."""
        self.count = 0
        self.max_ns = 0
        self._counts = [0] * BINS

    def add(self, interval_ns: int) -> None:
        """Add an interval. A shorter one than a microsecond counts as a microsecond."""
        bin_index = int(math.log(max(interval_ns, MIN_INTERVAL_NS) / MIN_INTERVAL_NS) / LOG_GROWTH)
        self._counts[min(bin_index, BINS - 1)] += 1
        self.count += 1
        self.max_ns = max(self.max_ns, interval_ns)

    def median_ns(self) -> float:
        """Return the median interval, 0 without intervals."""
        return self._quantile(self._centres_ns(), 0.5)

    def deviation_ns(self, fraction: float) -> float:
        """Return the deviation from the median that a fraction (0 to 1) of the intervals does not exceed."""
        return self._quantile(np.abs(self._centres_ns() - self.median_ns()), fraction)

    def gaps(self) -> tuple[int, int]:
        """Return the number of gaps in a regular series, and the estimated number of missing messages.

        A gap is longer than 1.5 medians plus six times the median deviation.
        """
        median_ns = self.median_ns()
        centres_ns, counts = self._centres_ns(), np.array(self._counts)
        far = centres_ns > 1.5 * median_ns + 6 * self.deviation_ns(0.5)
        if not (median_ns and counts[far].sum()):
            return 0, 0
        missing = np.maximum(np.rint(centres_ns[far] / median_ns) - 1, 1) @ counts[far]
        return int(counts[far].sum()), int(missing)

    def _quantile(self, values: NDArray[np.float64], fraction: float) -> float:
        """Return a quantile of values that are weighted with the counts of their bins."""
        if not self.count:
            return 0.0
        order = np.argsort(values, kind='stable')
        reached = np.cumsum(np.array(self._counts)[order])
        return float(values[order[np.searchsorted(reached, fraction * self.count)]])

    @staticmethod
    def _centres_ns() -> NDArray[np.float64]:
        centres_ns: NDArray[np.float64] = MIN_INTERVAL_NS * np.exp((np.arange(BINS) + 0.5) * LOG_GROWTH)
        return centres_ns
