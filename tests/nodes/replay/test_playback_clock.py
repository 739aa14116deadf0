# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import threading

import pytest

from audio_manifold_ros.common.errors import BagError
from audio_manifold_ros.common.units import NS_PER_S
from audio_manifold_ros.nodes.replay.playback_clock import PlaybackClock


class ManualClock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def manual_clock() -> ManualClock:
    return ManualClock()


def test_the_time_is_continuous_when_the_rate_changes(manual_clock: ManualClock) -> None:
    clock = PlaybackClock(7 * NS_PER_S, 2.0, monotonic_s=manual_clock)
    manual_clock.now_s += 3
    assert clock.now_ns() == 13 * NS_PER_S
    clock.set_rate(0.5)
    assert clock.now_ns() == 13 * NS_PER_S
    manual_clock.now_s += 4
    assert clock.now_ns() == 15 * NS_PER_S


def test_pause_and_seek(manual_clock: ManualClock) -> None:
    clock = PlaybackClock(0, paused=True, monotonic_s=manual_clock)
    manual_clock.now_s += 5
    assert clock.now_ns() == 0
    clock.set_paused(False)
    manual_clock.now_s += 1
    clock.set_paused(True)
    manual_clock.now_s += 10
    assert clock.now_ns() == NS_PER_S
    clock.seek(9 * NS_PER_S)
    assert clock.now_ns() == 9 * NS_PER_S
    clock.set_paused(False)
    manual_clock.now_s += 1
    assert clock.now_ns() == 10 * NS_PER_S


def test_waiting_ends_on_resume_seek_and_close() -> None:
    for release in (
        lambda clock: clock.seek(5 * NS_PER_S),
        lambda clock: clock.set_rate(100.0) or clock.set_paused(False),
        lambda clock: clock.close(),
    ):
        clock = PlaybackClock(0, paused=True)
        answers: list[bool] = []
        thread = threading.Thread(target=lambda c=clock, a=answers: a.append(c.wait_until(NS_PER_S)))
        thread.start()
        assert not answers
        release(clock)
        thread.join(10)
        assert not thread.is_alive()
        assert answers == [clock.now_ns() >= NS_PER_S]


def test_a_skip_takes_one_step_while_paused() -> None:
    clock = PlaybackClock(0, paused=True)
    assert clock.wait_until(3, lambda: True)
    assert clock.now_ns() == 3
    assert clock.wait_until(2, lambda: True)
    assert clock.now_ns() == 3


@pytest.mark.parametrize('rate', [0.0, -1.0, 1e4, float('nan')])
def test_a_rate_out_of_range_is_refused(rate: float) -> None:
    with pytest.raises(BagError, match='rate'):
        PlaybackClock(0, rate)
    clock = PlaybackClock(0)
    with pytest.raises(BagError, match='rate'):
        clock.set_rate(rate)
    assert clock.rate == 1
