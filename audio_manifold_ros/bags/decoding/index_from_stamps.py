# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Sample index of audio without one, inferred from the stamps of its messages: the project's only rule of loss."""

from __future__ import annotations

from collections import deque
from itertools import islice

from audio_manifold_ros.audio.delay_envelope import DelayEnvelope
from audio_manifold_ros.audio.sample_clock import CLOCK_STEP_NS
from audio_manifold_ros.common.errors import AudioError
from audio_manifold_ros.common.units import NS_PER_S

ENVELOPE_S = 2.0
MIN_LOSS_NS = 10_000_000
BLOCK_FRACTION = 0.75
CONFIRMATION_NS = NS_PER_S // 4
MAX_WAITING_CHUNKS = 256
# A clock that goes back leaves no trace of a loss. One sample is the gap that no window may span.
RESTART_GAP_SAMPLES = 1


class StampIndexer:
    """Infers the sample index of a stream of chunks.

    The rule:

    1. The delay of a chunk is its stamp minus the time of its first sample, if it follows the chunk before. Its excess
       is its delay minus the smallest delay of the last 2 s (`DelayEnvelope`).
    2. A chunk follows the chunk before if its excess is below a bound: three quarters of its own length, and at least
       10 ms.
    3. Above the bound the chunk is late or samples are missing before it. It waits for the chunks after it. As soon as
       one of them is below the bound, as after a stall of the source, nothing is missing. When all chunks of the next
       0.25 s (at most 256) are above the bound, their smallest excess is the loss, and it precedes the first of them.
    4. Messages are lost whole: a loss below 0.5 s is rounded to whole chunks, as long as all are of one length.
    5. A stamp that is 0.5 s earlier than the envelope is a clock that went back. One sample counts as lost there.

    The rule uses only stamps, lengths and their order. The result therefore does not depend on when the chunks are
    processed: a node, an evaluation and a conversion find the same gaps. A chunk waits only where a gap is likely,
    and after a gap no window is complete for longer than that.

    Limits: a loss shorter than the bound is not found. Jitter matters only where it delays every chunk of 0.25 s. A
    chunk that is late directly before a loss may be placed after a part of that loss. At the end of a recording fewer
    chunks decide: a gap is assumed, because no window may span a loss.

    Attributes:
        samples_lost: Samples counted as lost so far.

    """

    def __init__(self, sample_rate_hz: int) -> None:
        """Start at index 0 with the first chunk.

        Args:
            sample_rate_hz: Rate of the chunks.

        Raises:
            AudioError: The rate is not positive.

        """
        if sample_rate_hz < 1:
            msg = f'Index from stamps: sample_rate_hz is {sample_rate_hz!r}: give a positive rate.'
            raise AudioError(msg)
        self._rate_hz = sample_rate_hz
        self._envelope = DelayEnvelope(sample_rate_hz, ENVELOPE_S)
        self._waiting: deque[tuple[int, int]] = deque()
        self._next_sample: int | None = None
        self._lengths: set[int] = set()
        self.samples_lost = 0

    def place(self, stamp_ns: int, samples: int) -> list[int]:
        """Add the next chunk.

        Args:
            stamp_ns: Time of its first sample.
            samples: Its length.

        Returns:
            The index of the first sample of every chunk that this one decides, oldest first. The list is empty while
            chunks wait, and usually holds the index of this chunk alone.

        """
        self._waiting.append((stamp_ns, samples))
        return self._place_decided(is_end=False)

    def finish(self) -> list[int]:
        """Return the indices of the chunks that still wait. The chunks so far decide."""
        return self._place_decided(is_end=True)

    def _place_decided(self, *, is_end: bool) -> list[int]:
        indices: list[int] = []
        while self._waiting:
            count, lost = self._decide(is_end=is_end)
            if not count:
                break
            for _ in range(count):
                indices.append(self._place_oldest(lost))
                lost = 0
        return indices

    def _decide(self, *, is_end: bool) -> tuple[int, int]:
        """Return how many waiting chunks are decided, 0 for none, and the samples lost before the first of them."""
        first_stamp_ns, samples = self._waiting[0]
        end = self._next_sample
        if end is None or self._envelope.is_empty:
            return 1, 0
        bound_ns = max(BLOCK_FRACTION * samples * NS_PER_S / self._rate_hz, MIN_LOSS_NS)
        count = least_ns = 0
        for number, (stamp_ns, length) in enumerate(self._waiting, 1):
            excess_ns = stamp_ns - self._envelope.time_ns(end)
            if excess_ns < -CLOCK_STEP_NS:
                if number == 1:
                    self._envelope.clear()
                    return 1, RESTART_GAP_SAMPLES
                return count, self._to_samples(least_ns, samples)
            if excess_ns < bound_ns:
                return number, 0
            if not count or excess_ns < least_ns:
                count, least_ns = number, excess_ns
            if stamp_ns - first_stamp_ns >= CONFIRMATION_NS or number == MAX_WAITING_CHUNKS:
                return count, self._to_samples(least_ns, samples)
            end += length
        return (count, self._to_samples(least_ns, samples)) if is_end else (0, 0)

    def _to_samples(self, loss_ns: int, chunk_samples: int) -> int:
        lost = loss_ns * self._rate_hz // NS_PER_S
        lengths = self._lengths | {length for _, length in islice(self._waiting, 2)}
        if len(lengths) == 1 and loss_ns < CLOCK_STEP_NS:
            return max(round(lost / chunk_samples), 1) * chunk_samples
        return lost

    def _place_oldest(self, lost: int) -> int:
        stamp_ns, samples = self._waiting.popleft()
        if self._next_sample is None:
            self._next_sample = 0
        elif len(self._lengths) < 2:
            # The first chunk may be shorter than the others.
            self._lengths.add(samples)
        first_sample = self._next_sample + lost
        self.samples_lost += lost
        self._envelope.add(first_sample, stamp_ns)
        self._next_sample = first_sample + samples
        return first_sample
