# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The rule of loss: losses are found exactly, late chunks are no loss, and the order of stamps alone decides."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from audio_manifold_ros.bags.decoding.audio_chunk import AudioChunk
from audio_manifold_ros.bags.decoding.chunk_indexer import ChunkIndexer
from audio_manifold_ros.bags.decoding.index_from_stamps import CONFIRMATION_NS, MAX_WAITING_CHUNKS, StampIndexer
from audio_manifold_ros.common.errors import AudioError
from audio_manifold_ros.common.units import NS_PER_S

EPOCH_NS = 1_700_000_000_123_456_789
RATE_HZ = 22_500
JITTER_NS = 2e6


def stamps(numbers: list[int], block: int, late_ns: np.ndarray, *, ppm: float = 0.0) -> list[int]:
    """Return the stamps of blocks of a device that runs too fast by `ppm`."""
    period_ns = block * NS_PER_S / RATE_HZ / (1 + ppm * 1e-6)
    return [EPOCH_NS + round(number * period_ns) + int(late_ns[number]) for number in numbers]


def longest_run(numbers: set[int]) -> int:
    lengths = dict.fromkeys(sorted(numbers), 0)
    for number in lengths:
        lengths[number] = 1 + lengths.get(number - 1, 0)
    return max(lengths.values(), default=0)


def longest_wait_ns(stamps_ns: list[int], late_ns: np.ndarray, bound_ns: float) -> int:
    """Return the longest time from a late block to the next one in time."""
    longest, first = 0, None
    for stamp_ns, late in zip(stamps_ns, late_ns, strict=True):
        first = (stamp_ns if first is None else first) if late > bound_ns else None
        longest = longest if first is None else max(longest, stamp_ns - first)
    return longest


def place_all(stamps_ns: list[int], block: int) -> list[int]:
    indexer = StampIndexer(RATE_HZ)
    found = [index for stamp_ns in stamps_ns for index in indexer.place(stamp_ns, block)]
    return found + indexer.finish()


@settings(deadline=None, max_examples=60)
@given(
    block=st.sampled_from([256, 450, 512, 1125, 2250]),
    jitter=st.floats(0, 0.7),
    lost=st.sets(st.integers(30, 110), max_size=8),
    ppm=st.floats(-300, 300),
    seed=st.integers(0, 10_000),
)
def test_losses_of_whole_blocks_are_found_where_they_are(
    block: int, jitter: float, lost: set[int], ppm: float, seed: int
) -> None:
    count = 160
    # A longer loss is not rounded to whole blocks.
    assume(longest_run(lost) * block < RATE_HZ // 2)
    # Below the bound of three quarters of a block nothing is late by chance.
    bound_ns = max(0.75 * block * NS_PER_S / RATE_HZ, 10e6)
    late_ns = np.random.default_rng(seed).uniform(0, jitter * min(bound_ns, 0.25 * block * NS_PER_S / RATE_HZ), count)
    kept = [number for number in range(count) if number not in lost]
    assert place_all(stamps(kept, block, late_ns, ppm=ppm), block) == [number * block for number in kept]


@settings(deadline=None, max_examples=60)
@given(
    block=st.sampled_from([256, 512, 1125]),
    stalls=st.lists(st.tuples(st.integers(20, 380), st.integers(20, 400)), max_size=3),
    seed=st.integers(0, 10_000),
)
def test_stalls_of_the_source_are_no_loss(block: int, stalls: list[tuple[int, int]], seed: int) -> None:
    count, block_ns = 400, block * NS_PER_S // RATE_HZ
    late_ns = np.random.default_rng(seed).uniform(0, JITTER_NS, count)
    for start, stall_ms in stalls:
        for number in range(start, count):
            # All blocks that were due during the stall are stamped at its end.
            late_ns[number] = max(late_ns[number], stall_ms * 1e6 - (number - start) * block_ns)
    # The last blocks decide whether the ones before them were late.
    late_ns[-1] = 0
    found = stamps(list(range(count)), block, late_ns)
    # Stalls without a block in time between them are a loss by the rule, if they last longer than the confirmation.
    assume(longest_wait_ns(found, late_ns, max(0.75 * block_ns, 10e6) - JITTER_NS) < CONFIRMATION_NS - 2 * block_ns)
    assert place_all(found, block) == [number * block for number in range(count)]


def test_only_a_chunk_above_the_bound_waits() -> None:
    indexer, block, block_ns = StampIndexer(RATE_HZ), 450, 20_000_000
    for number in range(100):
        assert indexer.place(EPOCH_NS + number * block_ns + number % 3 * 4_000_000, block) == [number * block]
    after = [indexer.place(EPOCH_NS + number * block_ns, block) for number in range(103, 130)]
    waited = next(position for position, indices in enumerate(after) if indices)
    assert (waited - 1) * block_ns < CONFIRMATION_NS <= waited * block_ns
    assert after[waited] == [number * block for number in range(103, 104 + waited)]
    assert all(len(indices) == 1 for indices in after[waited + 1 :])
    assert indexer.samples_lost == 3 * block


def test_waiting_ends_with_the_number_of_chunks() -> None:
    indexer = StampIndexer(RATE_HZ)
    assert indexer.place(EPOCH_NS, 1) == [0]
    placed = [indexer.place(EPOCH_NS + NS_PER_S, 1) for _ in range(MAX_WAITING_CHUNKS)]
    assert not any(placed[:-1])
    assert len(placed[-1]) == MAX_WAITING_CHUNKS


def test_a_clock_that_goes_back_is_a_gap_of_one_sample() -> None:
    indexer = StampIndexer(RATE_HZ)
    first = [index for number in range(10) for index in indexer.place(EPOCH_NS + number * 20_000_000, 450)]
    again = [index for number in range(10) for index in indexer.place(EPOCH_NS + number * 20_000_000 - NS_PER_S, 450)]
    assert [*first, *again] == [number * 450 for number in range(10)] + [4501 + number * 450 for number in range(10)]
    with pytest.raises(AudioError, match='positive rate'):
        StampIndexer(0)


def test_long_and_irregular_losses_are_not_rounded() -> None:
    assert place_all([EPOCH_NS, EPOCH_NS + 20_000_000, EPOCH_NS + 1_050_000_000], 450)[-1] == round(1.05 * RATE_HZ)
    indexer = StampIndexer(RATE_HZ)
    for stamp_ms, length in ((0, 450), (20, 450), (40, 900), (80, 450)):
        indexer.place(EPOCH_NS + stamp_ms * 1_000_000, length)
    indexer.place(EPOCH_NS + 133_000_000, 450)
    assert indexer.finish() == [2250 + 33 * RATE_HZ // 1000]


def test_a_change_of_the_format_starts_a_new_index_and_an_own_index_stays() -> None:
    def chunk(seconds: float, channels: int, index: int | None = None) -> AudioChunk:
        samples = np.zeros((channels, 450), dtype=np.int16)
        return AudioChunk(samples, index, RATE_HZ, EPOCH_NS + round(seconds * NS_PER_S), index is None)

    indexer = ChunkIndexer()
    assert [each.first_sample for each in indexer.push(chunk(0, 2))] == [0]
    assert [each.first_sample for each in indexer.push(chunk(0.02, 2))] == [450]
    assert indexer.push(chunk(0.24, 2)) == [], 'late: it waits'
    assert [(each.channels, each.first_sample) for each in indexer.push(chunk(0.26, 3))] == [(2, 5400), (3, 0)]
    assert [each.first_sample for each in indexer.push(chunk(9, 3, index=77))] == [77]
    assert indexer.finish() == []
