# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Stamps of paced sources on clocks that are stepped, and on simulated time."""

from __future__ import annotations

import time

import numpy as np
import pytest

from audio_manifold_ros.audio.realtime_pacer import RealtimePacer, SteppedClock
from audio_manifold_ros.audio.sample_clock import SampleClock
from audio_manifold_ros.common.units import NS_PER_S

RATE_HZ = 22_500
START_NS = 1_760_000_000 * NS_PER_S


class FakeClock:
    """The monotonic clock with an offset that a test changes, as NTP does."""

    def __init__(self, start_ns: int = START_NS) -> None:
        self.offset_ns = start_ns - time.monotonic_ns()
        self.stopped = False

    def __call__(self) -> int:
        return 0 if self.stopped else time.monotonic_ns() + self.offset_ns


@pytest.mark.parametrize('step_s', [-0.45, -0.3, -0.1, -0.05, 0.05, 0.1, 0.3, 0.45, 5.0])
def test_stamps_follow_a_step_of_the_clock(step_s: float) -> None:
    clock = FakeClock()
    pacer = RealtimePacer(RATE_HZ, clock, realtime=True)
    first_ns = pacer.stamp_ns(0)
    assert abs(first_ns - clock()) < 20_000_000
    assert pacer.stamp_ns(RATE_HZ) == first_ns + NS_PER_S
    clock.offset_ns += round(step_s * NS_PER_S)
    assert pacer.stamp_ns(RATE_HZ) - first_ns - NS_PER_S == pytest.approx(step_s * NS_PER_S, abs=5e6)


@pytest.mark.parametrize('step_s', [-0.45, -0.3, -0.1, -0.05, 0.05, 0.1, 0.3, 0.45])
def test_two_seconds_after_a_step_images_agree_with_the_camera(step_s: float) -> None:
    """A camera is stamped by the clock itself. Source and sample clock together are within 20 ms of it."""
    clock = FakeClock()
    pacer, line = RealtimePacer(RATE_HZ, clock, realtime=True), SampleClock(RATE_HZ)
    start_ns = clock()
    for index in range(0, 5 * RATE_HZ, 450):
        if index == 2 * RATE_HZ:
            clock.offset_ns += round(step_s * NS_PER_S)
            start_ns += round(step_s * NS_PER_S)
        line.update(index, pacer.stamp_ns(index))
        if index >= 4 * RATE_HZ:
            assert abs(line.stamp_ns(index) - start_ns - index * NS_PER_S // RATE_HZ) < 20_000_000


def test_small_differences_do_not_change_the_stamps() -> None:
    clock = FakeClock()
    stepped = SteppedClock(clock)
    first_ns = stepped.stamp_ns(0)
    rng = np.random.default_rng(0)
    for _ in range(50):
        clock.offset_ns += int(rng.uniform(-1e5, 1e5))
        assert stepped.stamp_ns(0) == first_ns


def test_a_stream_waits_for_simulated_time() -> None:
    clock = FakeClock(60 * NS_PER_S)
    clock.stopped = True
    pacer = RealtimePacer(RATE_HZ, clock, realtime=True)
    assert not pacer.wait_for(1, 0.01)
    clock.stopped = False
    assert pacer.wait_for(1, 1.0)
    assert pacer.stamp_ns(0) == pytest.approx(60 * NS_PER_S, abs=2 * NS_PER_S)
    clock.offset_ns += 600 * NS_PER_S  # the simulation jumps forward
    assert pacer.stamp_ns(0) == pytest.approx(660 * NS_PER_S, abs=2 * NS_PER_S)


def test_a_stream_without_pace_keeps_the_course_of_its_first_stamp() -> None:
    clock = FakeClock()
    pacer = RealtimePacer(RATE_HZ, lambda: START_NS, realtime=False)
    clock.offset_ns += NS_PER_S
    assert pacer.stamp_ns(3 * RATE_HZ) == START_NS + 3 * NS_PER_S
