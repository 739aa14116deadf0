# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A sample index for audio that carries none: inferred from stamps."""

from __future__ import annotations

from audio_manifold_ros.audio.sample_clock import CLOCK_STEP_NS, SampleClock
from audio_manifold_ros.common.units import NS_PER_S

MIN_GAP_NS = 10_000_000
BLOCK_FRACTION = 0.75


class StampIndexer:
    """Counts samples, and counts as lost what a late stamp stands for.

    A chunk follows the one before unless its stamp is later than the line through the stamps so far by three
    quarters of its own length and by `tolerance_ns`. As messages are lost whole, the loss is rounded to whole chunks
    while all are of one length. A loss shorter than the tolerance stays unseen; a chunk that is late by more is
    taken for a loss.

    Attributes:
        samples_lost: Samples taken for lost so far.

    """

    def __init__(self, sample_rate_hz: int, tolerance_ns: int = MIN_GAP_NS) -> None:
        """Start at index 0 with the first chunk.

        Args:
            sample_rate_hz: Rate of the chunks.
            tolerance_ns: By how much stamps may be late without a loss.

        Raises:
            AudioError: The rate is not positive.

        """
        self._clock = SampleClock(sample_rate_hz)
        self._rate_hz = sample_rate_hz
        self._tolerance_ns = tolerance_ns
        self._next_sample: int | None = None
        self._lengths: set[int] = set()
        self.samples_lost = 0

    def place(self, stamp_ns: int, samples: int) -> int:
        """Return the index of the first sample of the next chunk.

        Args:
            stamp_ns: Instant of its first sample.
            samples: Its length.

        """
        if self._next_sample is None:
            self._next_sample = 0
        elif len(self._lengths) < 2:
            self._lengths.add(samples)
        lost = self._estimate_lost(stamp_ns, samples)
        first_sample = self._next_sample + lost
        self.samples_lost += lost
        self._clock.update(first_sample, stamp_ns)
        self._next_sample = first_sample + samples
        return first_sample

    def _estimate_lost(self, stamp_ns: int, samples: int) -> int:
        if not self._next_sample:
            return 0
        late_ns = stamp_ns - self._clock.stamp_ns(self._next_sample)
        if late_ns < -CLOCK_STEP_NS:
            # The clock went back, as where a bag is played again: nothing may span that.
            return 1
        if late_ns < max(BLOCK_FRACTION * samples * NS_PER_S / self._rate_hz, self._tolerance_ns):
            return 0
        lost = late_ns * self._rate_hz // NS_PER_S
        if len(self._lengths) == 1 and late_ns < CLOCK_STEP_NS:
            return max(round(lost / samples), 1) * samples
        return lost
