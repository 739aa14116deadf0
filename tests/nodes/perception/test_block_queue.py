# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The queue between executor and worker keeps the newest seconds, in bounded memory."""

from __future__ import annotations

import numpy as np

from audio_manifold_ros.audio.block import AudioBlock
from audio_manifold_ros.nodes.perception.block_queue import MAX_BYTES, MAX_SECONDS, BlockQueue


def block(first: int, samples: int, rate_hz: int = 48_000, channels: int = 8) -> AudioBlock:
    return AudioBlock(np.zeros((channels, samples), dtype=np.float32), first, rate_hz, 1)


def test_it_is_first_in_first_out() -> None:
    queue = BlockQueue()
    assert queue.pop() is None
    queue.extend([block(0, 10), block(10, 20)])
    assert len(queue) == 2
    assert [part.first_sample for part in (queue.pop(), queue.pop()) if part is not None] == [0, 10]
    assert queue.size_bytes == queue.dropped_samples == 0


def test_more_than_some_seconds_drop_the_oldest_blocks() -> None:
    queue = BlockQueue()
    for first in range(0, 20 * 48_000, 480):
        queue.extend([block(first, 480)])
    assert len(queue) == MAX_SECONDS * 100
    oldest = queue.pop()
    assert oldest is not None
    assert oldest.first_sample == queue.dropped_samples == 16 * 48_000


def test_large_blocks_are_bounded_in_bytes() -> None:
    queue = BlockQueue()
    for first in range(0, 40 * 300_000, 300_000):
        queue.extend([block(first, 300_000, rate_hz=384_000)])
        assert queue.size_bytes <= MAX_BYTES
    queue.extend([block(0, 3_000_000, rate_hz=384_000)])
    assert len(queue) == 1, 'the newest block is kept'
    queue.clear()
    assert not len(queue)
    assert queue.size_bytes == 0
