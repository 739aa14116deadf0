# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Lower envelope of the delays of a stream's stamps: the least delayed block of the last seconds."""

from __future__ import annotations

from collections import deque

from audio_manifold_ros.common.units import NS_PER_S


class DelayEnvelope:
    """The smallest delay of the newest stamps.

    The delay of a stamp is its time minus the nominal time of its sample, which counts from index 0 at time 0. Stamps
    are late by chance and never early, so the smallest delay of a few seconds gives the time of a sample best.

    Args:
        sample_rate_hz: Rate of the index.
        span_s: Length of the envelope. Older stamps are dropped.

    """

    def __init__(self, sample_rate_hz: int, span_s: float) -> None:
        """Create an empty envelope."""
        self._rate_hz = sample_rate_hz
        self._span = round(span_s * sample_rate_hz)
        # Indices and delays, both in ascending order: a stamp that is later than a newer one is never the minimum.
        self._minima: deque[tuple[int, int]] = deque()
        self._first_sample = self._newest_sample = 0

    @property
    def is_empty(self) -> bool:
        """True if there is no stamp since the last `clear`."""
        return not self._minima

    @property
    def fill_ratio(self) -> float:
        """Fraction of the span that the stamps since the last `clear` cover, at most 1."""
        return min((self._newest_sample - self._first_sample) / self._span, 1.0)

    def clear(self) -> None:
        """Drop all stamps."""
        self._minima.clear()

    def add(self, sample_index: int, time_ns: int) -> None:
        """Add the stamp of a sample. Indices do not decrease."""
        delay_ns = time_ns - self._nominal_ns(sample_index)
        if not self._minima or sample_index > self._newest_sample + self._span:
            self._minima.clear()
            self._first_sample = sample_index
        self._newest_sample = sample_index
        while self._minima and self._minima[-1][1] >= delay_ns:
            self._minima.pop()
        self._minima.append((sample_index, delay_ns))
        while self._minima[0][0] < sample_index - self._span:
            self._minima.popleft()

    def time_ns(self, sample_index: int) -> int:
        """Return the time of a sample by the least delayed stamp. There must be a stamp."""
        return self._nominal_ns(sample_index) + self._minima[0][1]

    def _nominal_ns(self, sample_index: int) -> int:
        return sample_index * NS_PER_S // self._rate_hz
