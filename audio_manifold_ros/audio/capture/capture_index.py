# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Sample index of captured blocks: losses are counted even if the device does not report them."""

from __future__ import annotations

from audio_manifold_ros.audio.delay_envelope import DelayEnvelope
from audio_manifold_ros.audio.sample_clock import SampleClock
from audio_manifold_ros.common.units import NS_PER_S

ENVELOPE_S = 0.5
MIN_FILL_RATIO = 0.75
# A device reports its losses. This bound is for servers that drop samples without a report, and must be longer than
# the time for which a busy machine delays every block of half a second.
UNREPORTED_LOSS_NS = NS_PER_S // 10


class CaptureIndexer:
    """Assigns to each block of a device its first sample index and its capture time.

    A block arrives some time after its last sample was captured. Blocks arrive in bursts, and a busy machine
    delays some. The capture time is taken from the least delayed block of the last half second. If even that
    block is a tenth of a second late on the long-term line, samples are missing that nothing reported.

    Attributes:
        end_sample: Index one past the newest sample.
        samples_lost: Samples counted as lost.

    """

    def __init__(self, sample_rate_hz: int) -> None:
        """Start at index 0."""
        self._rate_hz = sample_rate_hz
        self._line = SampleClock(sample_rate_hz)
        self._arrivals = DelayEnvelope(sample_rate_hz, ENVELOPE_S)
        self._is_started = self._is_reopened = False
        self.end_sample = 0
        self.samples_lost = 0

    def reopen(self) -> None:
        """Announce that the next block comes from a newly opened device."""
        self._is_reopened = self._is_started

    def assign_index(
        self, samples: int, arrived_ns: int, *, missing_samples: int = 0, overflow: bool = False
    ) -> tuple[int, int]:
        """Assign an index to the next block.

        Args:
            samples: Length of the block.
            arrived_ns: Time of its arrival, on the monotonic clock.
            missing_samples: Samples known to be lost before it.
            overflow: An unknown number of samples was lost before it.

        Returns:
            Index of the first sample of the block, and the capture time of that sample on the monotonic clock.

        """
        first = self.end_sample + missing_samples
        lost = 0
        if self._is_reopened or (overflow and self._is_started):
            late_ns = arrived_ns - samples * NS_PER_S // self._rate_hz - self._line.stamp_ns(first)
            lost = max(1, round(late_ns * self._rate_hz / NS_PER_S))
        self._add_arrival(first + lost + samples, arrived_ns, restart=lost > 0)
        captured_ns = self._arrivals.time_ns(first + lost)
        unreported = 0 if lost else self._unreported_loss(first, captured_ns)
        if unreported:
            lost = unreported
            self._add_arrival(first + lost + samples, arrived_ns, restart=True)
            captured_ns = self._arrivals.time_ns(first + lost)
        if self._is_reopened:
            self._line.reset()
        first += lost
        self._line.update(first, captured_ns)
        self._is_started, self._is_reopened = True, False
        self.samples_lost += first - self.end_sample
        self.end_sample = first + samples
        return first, captured_ns

    def _add_arrival(self, end_sample: int, arrived_ns: int, *, restart: bool) -> None:
        if restart:
            self._arrivals.clear()
        self._arrivals.add(end_sample, arrived_ns)

    def _unreported_loss(self, first: int, captured_ns: int) -> int:
        """Return how many samples must be missing before `first`, 0 if none."""
        if not self._is_started or self._arrivals.fill_ratio < MIN_FILL_RATIO:
            return 0
        late_ns = captured_ns - self._line.stamp_ns(first)
        return late_ns * self._rate_hz // NS_PER_S if late_ns > UNREPORTED_LOSS_NS else 0
