# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How fast a sound device counts, from the stamps of a whole recording."""

from __future__ import annotations

import math
from dataclasses import dataclass

STEP_S = 0.5


@dataclass(frozen=True)
class ClockDrift:
    """What a straight line through (sample index, stamp) says.

    Attributes:
        ppm: How much faster the device counts than its nominal rate says.
        error_ppm: Standard error of `ppm`, from the scatter of the stamps.
        jitter_ms: Root mean square of that scatter.

    """

    ppm: float
    error_ppm: float
    jitter_ms: float


@dataclass
class _Segment:
    """Running moments of a stretch without a step, relative to its first point."""

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
    """Least squares over all blocks; a step of the clock or a new stream begins a new stretch with the same slope.

    `SampleClock` follows a stream live and forgets; this one weighs a whole recording.
    """

    def __init__(self, sample_rate_hz: int) -> None:
        """Start without points."""
        self._rate_hz = sample_rate_hz
        self._segment: _Segment | None = None
        self._done: list[_Segment] = []

    def add(self, sample_index: int, stamp_ns: int) -> None:
        """Take in that `sample_index` was at `stamp_ns`."""
        segment = self._segment
        if segment is not None:
            x = (sample_index - segment.anchor_sample) / self._rate_hz
            y = (stamp_ns - segment.anchor_ns) / 1e9 - x
            if x >= 0 and abs(y - segment.mean_y) <= STEP_S:
                segment.add(x, y)
                return
            self._done.append(segment)
        self._segment = _Segment(sample_index, stamp_ns)
        self._segment.add(0.0, 0.0)

    def drift(self) -> ClockDrift | None:
        """Return the drift, None before there are points enough for its error."""
        segments = self._done if self._segment is None else [*self._done, self._segment]
        freedom = sum(segment.count for segment in segments) - len(segments) - 1
        xx, xy, yy = (sum(getattr(segment, name) for segment in segments) for name in ('xx', 'xy', 'yy'))
        if freedom < 1 or xx <= 0:
            return None
        slope = xy / xx
        variance = max(yy - slope * xy, 0.0) / freedom
        return ClockDrift(-1e6 * slope, 1e6 * math.sqrt(variance / xx), 1e3 * math.sqrt(variance))
