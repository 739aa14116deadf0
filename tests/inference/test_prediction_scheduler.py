# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audio_manifold_ros.common.errors import InferenceError
from audio_manifold_ros.inference.prediction_scheduler import PredictionScheduler

RATE_HZ = 22_500
HOP = 256


@settings(deadline=None, max_examples=100)
@given(
    steps=st.lists(st.integers(0, 12), min_size=1, max_size=200),
    rate_hz=st.floats(0.5, 500),
    start=st.integers(0, 2**40),
)
def test_every_due_time_is_served_once_and_none_early(steps: list[int], rate_hz: float, start: int) -> None:
    schedule = PredictionScheduler(RATE_HZ, HOP, rate_hz)
    period = max(RATE_HZ / rate_hz, HOP)
    end, served, predicted = start, 0, []
    for step in steps:
        end += step * HOP
        due = schedule.take(end)
        served += due
        if due:
            predicted.append(end)
    assert served == math.floor((predicted[-1] - predicted[0]) / period + 1e-9) + 1
    assert len(predicted) <= served
    assert all(second - first > period - HOP * max(steps) for first, second in itertools.pairwise(predicted))


@settings(deadline=None, max_examples=50)
@given(rate_hz=st.floats(1, 87))
def test_the_mean_rate_is_the_requested_one_although_windows_are_on_hops(rate_hz: float) -> None:
    schedule = PredictionScheduler(RATE_HZ, HOP, rate_hz)
    seconds = 60
    taken = [schedule.take(end) for end in range(0, seconds * RATE_HZ, HOP)]
    assert max(taken) == 1, 'nothing is dropped by one who looks at every hop'
    assert abs(sum(taken) - rate_hz * seconds) <= 2


def test_nothing_is_due_twice_for_one_window() -> None:
    schedule = PredictionScheduler(RATE_HZ, HOP, 500.0)
    assert [schedule.take(end) for end in (0, 0, HOP, HOP, 3 * HOP)] == [1, 0, 1, 0, 2]


def test_a_slow_caller_gets_the_newest_window_and_the_count_of_dropped_ones() -> None:
    schedule = PredictionScheduler(RATE_HZ, HOP, 30.0)
    assert schedule.take(10_000) == 1
    assert schedule.take(10_000 + 3 * 750) == 3


def test_the_rate_can_be_changed_while_running() -> None:
    schedule = PredictionScheduler(RATE_HZ, HOP, 1.0)
    assert schedule.take(0) == 1
    schedule.rate_hz = 30.0
    assert schedule.take(749) == 0
    assert schedule.take(750) == 1
    schedule.rate_hz = 1.0
    assert schedule.take(750 + 22_499) == 0
    assert schedule.take(750 + 22_500) == 1


def test_reset_makes_a_prediction_due_immediately() -> None:
    schedule = PredictionScheduler(RATE_HZ, HOP, 30.0)
    schedule.take(10_000)
    schedule.reset()
    assert schedule.take(0) == 1


@pytest.mark.parametrize('rate_hz', [0.0, -1.0, math.nan, math.inf])
def test_an_invalid_rate_is_refused(rate_hz: float) -> None:
    with pytest.raises(InferenceError, match='prediction rate'):
        PredictionScheduler(RATE_HZ, HOP, rate_hz)
    schedule = PredictionScheduler(RATE_HZ, HOP, 30.0)
    with pytest.raises(InferenceError, match='prediction rate'):
        schedule.rate_hz = rate_hz
    assert schedule.rate_hz == 30.0


def test_a_limited_computer_gets_the_newest_window_and_the_loss_is_counted() -> None:
    schedule = PredictionScheduler(RATE_HZ, HOP, 30.0)
    assert schedule.take(0) == 1
    assert not schedule.limited
    schedule.min_spacing_samples = 3000.0
    assert schedule.limited
    assert [schedule.take(end) for end in (750, 1500, 2999)] == [0, 0, 0]
    assert schedule.take(3000) == 4, 'three instants that came due meanwhile are dropped'
    schedule.min_spacing_samples = 500.0
    assert schedule.take(3750) == 1, 'a rest within the period changes nothing'
