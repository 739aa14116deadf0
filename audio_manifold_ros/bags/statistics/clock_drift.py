# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Estimation of the clock drift of a sound device from the stamps of a whole recording."""

from __future__ import annotations

import math
from dataclasses import dataclass

from audio_manifold_ros.common.units import NS_PER_S

STEP_S = 0.5


@dataclass(frozen=True)
class ClockDrift:
    """Clock drift, from a straight line through (sample index, stamp).

    Attributes:
        ppm: Deviation of the sample rate from its nominal value. Positive if the device is too fast.
        error_ppm: Standard error of `ppm`, from the residuals of the stamps.
        jitter_ms: Root mean square of the residuals.

    """

    ppm: float
    error_ppm: float
    jitter_ms: float


@dataclass
class _Segment:
    """Running moments of a segment without a clock step, relative to its first point."""

    anchor_sample: int
    anchor_ns: int
    count: int = 0
    mean_x: float = 0.0
    mean_y: float = 0.0
    xx: float = 0.0
    xy: float = 0.0
    yy: float = 0.0

    def add(self, x: float, y: float) -> None:
        self.count += 1
        dx, dy = x - self.mean_x, y - self.mean_y
        self.mean_x += dx / self.count
        self.mean_y += dy / self.count
        self.xx += dx * (x - self.mean_x)
        self.xy += dx * (y - self.mean_y)
        self.yy += dy * (y - self.mean_y)


class ClockDriftEstimator:
    """Least squares fit over all blocks. A clock step or a new stream starts a new segment with the same slope.

    `SampleClock` tracks a live stream and forgets old blocks. This estimator weights the whole recording equally.
    """

    def __init__(self, sample_rate_hz: int) -> None:
        """Start without points."""
        self._rate_hz = sample_rate_hz
        self._segment: _Segment | None = None
        self._done: list[_Segment] = []

    def add(self, sample_index: int, stamp_ns: int) -> None:
        """Add the stamp of a sample index."""
        segment = self._segment
        if segment is not None:
            x = (sample_index - segment.anchor_sample) / self._rate_hz
            y = (stamp_ns - segment.anchor_ns) / NS_PER_S - x
            if x >= 0 and abs(y - segment.mean_y) <= STEP_S:
                segment.add(x, y)
                return
            self._done.append(segment)
        self._segment = _Segment(sample_index, stamp_ns)
        self._segment.add(0.0, 0.0)

    def drift(self) -> ClockDrift | None:
        """Return the drift, or None with too few points."""
        segments = self._done if self._segment is None else [*self._done, self._segment]
        freedom = sum(segment.count for segment in segments) - len(segments) - 1
        xx, xy, yy = (sum(getattr(segment, name) for segment in segments) for name in ('xx', 'xy', 'yy'))
        if freedom < 1 or xx <= 0:
            return None
        slope = xy / xx
        variance = max(yy - slope * xy, 0.0) / freedom
        return ClockDrift(-1e6 * slope, 1e6 * math.sqrt(variance / xx), 1e3 * math.sqrt(variance))
