# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The ring buffer against a model that keeps the complete stream."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from audio_manifold_ros.audio.ring_buffer import RingBuffer
from audio_manifold_ros.common.errors import AudioError

CHANNELS = 3


def value_of(index: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return samples (channel, n) whose values encode their index and channel."""
    return (index[None, :] * 4 + np.arange(CHANNELS)[:, None]).astype(np.float32)


def run_of(first: int, count: int) -> NDArray[np.float32]:
    return value_of(np.arange(first, first + count, dtype=np.int64))


@settings(deadline=None, max_examples=100)
@given(
    capacity=st.integers(1, 40),
    start=st.integers(0, 10**6),
    steps=st.lists(st.tuples(st.integers(0, 90), st.sampled_from([0, 0, 0, 1, 7, 100])), min_size=1, max_size=25),
    restart_at=st.integers(0, 30),
)
def test_every_window_holds_what_was_written(
    capacity: int, start: int, steps: list[tuple[int, int]], restart_at: int
) -> None:
    ring = RingBuffer(CHANNELS, capacity)
    position = valid_from = start
    for number, (count, lost) in enumerate(steps):
        if number == restart_at:
            ring.clear()
            assert (ring.valid_from, ring.end_sample) == (0, 0)
            position = valid_from = 5
        else:
            position += lost
            valid_from = position if lost else valid_from
        ring.write(run_of(position, count), position)
        position += count
        valid_from = max(valid_from, position - capacity)
        assert (ring.valid_from, ring.end_sample) == (valid_from, position)
        held = position - valid_from
        for length in {1, held // 2, held}:
            for end in {position, position - (held - length) // 2, valid_from + length}:
                if 0 < length <= held:
                    window = ring.window(end, length)
                    assert window.flags['C_CONTIGUOUS']
                    np.testing.assert_array_equal(window, run_of(end - length, length))
        for end, length in ((position + 1, 1), (position, held + 1), (position, 0), (valid_from, 1)):
            with pytest.raises(AudioError, match='not buffered'):
                ring.window(end, length)


def test_a_window_is_not_changed_by_later_writes() -> None:
    ring = RingBuffer(CHANNELS, 10)
    ring.write(run_of(0, 10), 0)
    window = ring.window(10, 10)
    ring.write(run_of(10, 7), 10)
    np.testing.assert_array_equal(window, run_of(0, 10))


def test_a_jump_backward_is_refused_and_changes_nothing() -> None:
    ring = RingBuffer(CHANNELS, 10)
    ring.write(run_of(100, 8), 100)
    with pytest.raises(AudioError, match='107 is before the end 108'):
        ring.write(run_of(107, 4), 107)
    np.testing.assert_array_equal(ring.window(108, 8), run_of(100, 8))


@pytest.mark.parametrize('shape', [(2, 5), (4, 5), (3,), (1, 3, 5)])
def test_a_wrong_channel_count_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(AudioError, match='shape'):
        RingBuffer(CHANNELS, 10).write(np.zeros(shape, dtype=np.float32), 0)


@pytest.mark.parametrize(('channels', 'capacity'), [(0, 10), (8, 0), (-1, 10)])
def test_an_empty_buffer_is_refused(channels: int, capacity: int) -> None:
    with pytest.raises(AudioError, match='at least 1'):
        RingBuffer(channels, capacity)


def test_a_window_is_copied_to_a_given_array() -> None:
    ring = RingBuffer(CHANNELS, 10)
    ring.write(run_of(0, 13), 0)
    expected = np.zeros((CHANNELS, 8), dtype=np.float32)
    assert ring.window(13, 8, expected) is expected
    np.testing.assert_array_equal(expected, run_of(5, 8))
