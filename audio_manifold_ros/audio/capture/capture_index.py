# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where captured blocks lie on the stream's index: loss is counted even when nobody reported it."""

from __future__ import annotations

from collections import deque

from audio_manifold_ros.audio.sample_clock import NS, SampleClock

ENVELOPE_S = 0.5
UNREPORTED_LOSS_NS = NS // 10


class CaptureTimeline:
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
        self._begun = self._reopened = False
        self.end_sample = 0
        self.samples_lost = 0

    def reopen(self) -> None:
        """Announce that the next block comes from a newly opened device."""
        self._reopened = self._begun

    def place(
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
        if self._reopened or (overflow and self._begun):
            late_ns = arrived_ns - samples * NS // self._rate_hz - self._line.stamp_ns(first)
            lost = max(1, round(late_ns * self._rate_hz / NS))
        self._arrive(first + lost + samples, arrived_ns, anew=lost > 0)
        captured_ns = self._captured_ns(first + lost)
        unreported = 0 if lost else self._unreported(first, captured_ns)
        if unreported:
            lost = unreported
            self._arrive(first + lost + samples, arrived_ns, anew=True)
            captured_ns = self._captured_ns(first + lost)
        if self._reopened:
            self._line.reset()
        first += lost
        self._line.update(first, captured_ns)
        self._begun, self._reopened = True, False
        self.samples_lost += first - self.end_sample
        self.end_sample = first + samples
        return first, captured_ns

    def _arrive(self, end_sample: int, arrived_ns: int, *, anew: bool) -> None:
        """Note an arrival, and forget those that are older than the envelope."""
        if anew:
            self._arrivals.clear()
        self._arrivals.append((end_sample, arrived_ns))
        while self._arrivals[0][0] < end_sample - self._span:
            self._arrivals.popleft()

    def _captured_ns(self, sample_index: int) -> int:
        return min(arrived - (end - sample_index) * NS // self._rate_hz for end, arrived in self._arrivals)

    def _unreported(self, first: int, captured_ns: int) -> int:
        """Return how many samples must be missing before `first`, 0 if none."""
        spanned = self._arrivals[-1][0] - self._arrivals[0][0]
        if not self._begun or spanned < self._span * 3 // 4:
            return 0
        late_ns = captured_ns - self._line.stamp_ns(first)
        return late_ns * self._rate_hz // NS if late_ns > UNREPORTED_LOSS_NS else 0
