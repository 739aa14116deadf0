# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Rate at which a stream delivers samples, measured by the stamps of its blocks."""

from __future__ import annotations

from collections import deque
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

from audio_manifold_ros.common.units import NS_PER_S

if TYPE_CHECKING:
    from audio_manifold_ros.audio.block import AudioBlock

POINT_DISTANCE_S = 0.7
MIN_POINTS, MAX_POINTS = 6, 10
# Sample clocks are exact to 0.1 %. Jitter of 20 ms changes the median of five slopes over 0.7 s by about 1 %.
RATE_TOLERANCE = 0.03


class DeliveredRate:
    """Median rate over the last seconds of a stream. A single step of the clock or gap does not change it."""

    def __init__(self) -> None:
        """Start without blocks."""
        self._points: deque[tuple[int, int]] = deque(maxlen=MAX_POINTS)

    def reset(self) -> None:
        """Forget the stream."""
        self._points.clear()

    def add(self, block: AudioBlock) -> None:
        """Add the next block. A block whose index or stamp goes back starts the measurement again."""
        point = block.first_sample, block.stamp_ns
        if self._points:
            samples, time_ns = (new - old for new, old in zip(point, self._points[-1], strict=True))
            if samples < 0 or time_ns < 0:
                self.reset()
            elif max(samples / block.sample_rate_hz, time_ns / NS_PER_S) < POINT_DISTANCE_S:
                return
        self._points.append(point)

    def rate_hz(self) -> float | None:
        """Return the measured rate, None until enough blocks have come."""
        points = list(self._points)
        if len(points) < MIN_POINTS:
            return None
        slopes = [
            (sample - earlier_sample) * NS_PER_S / max(time_ns - earlier_ns, 1)
            for (earlier_sample, earlier_ns), (sample, time_ns) in pairwise(points)
        ]
        return median(slopes)

    def describe_difference(self, declared_hz: int) -> str:
        """Return how the measured rate contradicts the declared one, or an empty string."""
        rate_hz = self.rate_hz()
        if rate_hz is None or abs(rate_hz / declared_hz - 1) <= RATE_TOLERANCE:
            return ''
        return (
            f'its messages state {declared_hz} Hz, but it delivers {rate_hz:.0f} samples per second: '
            'set the sample rate of its driver to the rate of the device'
        )
