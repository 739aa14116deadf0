# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where captured blocks lie on the stream's index: loss is counted even when nobody reported it."""

from __future__ import annotations

from collections import deque

from audio_manifold_ros.audio.sample_clock import SampleClock
from audio_manifold_ros.common.units import NS_PER_S

ENVELOPE_S = 0.5
UNREPORTED_LOSS_NS = NS_PER_S // 10


class CaptureIndexer:
    """Gives each block of a device its first sample index and its instant.

    A block arrives some time after its last sample was captured; blocks come in bursts, and a busy machine
    makes some late. The least late block of the last half second tells the instants. If even that one is
    a tenth of a second late on the long-term line, samples are missing that nobody reported.
    """

    def __init__(self, sample_rate_hz: int) -> None:
        """Begin at index 0."""
        self._rate_hz = sample_rate_hz
        self._span = round(ENVELOPE_S * sample_rate_hz)
        self._line = SampleClock(sample_rate_hz)
        self._arrivals: deque[tuple[int, int]] = deque()
        self._is_started = self._is_reopened = False
        self.end_sample = 0
        self.samples_lost = 0

    def reopen(self) -> None:
        """Announce that the next block comes from a newly opened device."""
        self._is_reopened = self._is_started

    def assign_index(
        self, samples: int, arrived_ns: int, *, missing_samples: int = 0, overflow: bool = False
    ) -> tuple[int, int]:
        """Place one block.

        Args:
            samples: Its length.
            arrived_ns: When it arrived, on the monotonic clock.
            missing_samples: Samples known to be lost before it.
            overflow: An unknown number was lost before it.

        Returns:
            Index of its first sample, and that sample's instant on the monotonic clock.

        """
        first = self.end_sample + missing_samples
        lost = 0
        if self._is_reopened or (overflow and self._is_started):
            late_ns = arrived_ns - samples * NS_PER_S // self._rate_hz - self._line.stamp_ns(first)
            lost = max(1, round(late_ns * self._rate_hz / NS_PER_S))
        self._add_arrival(first + lost + samples, arrived_ns, restart=lost > 0)
        captured_ns = self._captured_ns(first + lost)
        unreported = 0 if lost else self._unreported_loss(first, captured_ns)
        if unreported:
            lost = unreported
            self._add_arrival(first + lost + samples, arrived_ns, restart=True)
            captured_ns = self._captured_ns(first + lost)
        if self._is_reopened:
            self._line.reset()
        first += lost
        self._line.update(first, captured_ns)
        self._is_started, self._is_reopened = True, False
        self.samples_lost += first - self.end_sample
        self.end_sample = first + samples
        return first, captured_ns

    def _add_arrival(self, end_sample: int, arrived_ns: int, *, restart: bool) -> None:
        """Note an arrival, and forget those that are older than the envelope."""
        if restart:
            self._arrivals.clear()
        self._arrivals.append((end_sample, arrived_ns))
        while self._arrivals[0][0] < end_sample - self._span:
            self._arrivals.popleft()

    def _captured_ns(self, sample_index: int) -> int:
        return min(arrived - (end - sample_index) * NS_PER_S // self._rate_hz for end, arrived in self._arrivals)

    def _unreported_loss(self, first: int, captured_ns: int) -> int:
        """Return how many samples must be missing before `first`, 0 if none."""
        spanned = self._arrivals[-1][0] - self._arrivals[0][0]
        if not self._is_started or spanned < self._span * 3 // 4:
            return 0
        late_ns = captured_ns - self._line.stamp_ns(first)
        return late_ns * self._rate_hz // NS_PER_S if late_ns > UNREPORTED_LOSS_NS else 0
