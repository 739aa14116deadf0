# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Gaps between windows and pauses of the processors, at known times."""

from __future__ import annotations

import pytest

pytest.importorskip('rclpy')

from benchmarks.harness.processor_pauses import Pause
from benchmarks.support.subscriber import ImageTimes
from benchmarks.support.window_gaps import pause_figures

pytestmark = pytest.mark.ros

NS_PER_MS = 1_000_000
# At 30 Hz, the windows at 136, 238 and 306 ms come two periods after the ones before them.
IMAGES = [ImageTimes(ms * NS_PER_MS, (ms + 10) * NS_PER_MS) for ms in (0, 34, 68, 136, 170, 238, 306)]


def test_gaps_are_compared_with_the_pauses_of_the_processors_in_the_same_time() -> None:
    ends_and_lengths_ms = ((20, 12), (130, 40), (190, 10), (205, 9), (262, 5))
    pauses = tuple(Pause(end_ms * NS_PER_MS, length_ms * NS_PER_MS) for end_ms, length_ms in ends_and_lengths_ms)
    long, longest, gaps, unpaused, others = pause_figures('run', 30.0, IMAGES, pauses)
    assert (long.value, longest.value, longest.unit) == (2, 40.0, 'ms')
    assert (gaps.value, unpaused.value) == (3, 1)
    assert others.value == pytest.approx(100 / 3)


def test_a_run_without_gaps_or_pauses_has_all_figures() -> None:
    assert [figure.value for figure in pause_figures('run', 30.0, IMAGES[:3], ())] == [0, 0.0, 0, 0, 0.0]
    assert [figure.value for figure in pause_figures('run', 30.0, (), ())] == [0, 0.0, 0, 0, 0.0]


def test_pauses_that_were_not_measured_have_a_reason() -> None:
    (figure,) = pause_figures('run', 30.0, IMAGES, None)
    assert figure.value is None
    assert 'real-time priority' in figure.alternative
