# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audio_manifold_ros.inference.prediction_scheduler import PredictionScheduler
from audio_manifold_ros.inference.sustained_rate import MAX_UTILIZATION, SustainedRateEstimator

SAMPLE_RATE_HZ = 22_500
HOP = 256


def simulate(cost_s: float, asked_hz: float, seconds: float) -> tuple[list[float], list[float]]:
    """Simulate the thread that predicts. Return the end times of its windows, and of its predictions."""
    schedule, sustained = PredictionScheduler(SAMPLE_RATE_HZ, HOP, asked_hz), SustainedRateEstimator()
    now_s, ends_s, done_s = 0.0, [], []
    while now_s < seconds:
        now_s += HOP / SAMPLE_RATE_HZ / 8
        end = int(now_s * SAMPLE_RATE_HZ) // HOP * HOP
        if schedule.take(end):
            now_s += cost_s
            ends_s.append(end / SAMPLE_RATE_HZ)
            done_s.append(now_s)
            sustained.add(cost_s)
            schedule.min_spacing_samples = SAMPLE_RATE_HZ / sustained.rate_hz
    return ends_s, done_s


@settings(deadline=None, max_examples=40)
@given(cost_s=st.floats(0.002, 1.5))
def test_images_are_never_older_than_one_prediction_takes(cost_s: float) -> None:
    ends_s, done_s = simulate(cost_s, 30.0, 40 * max(cost_s, 1 / 30))
    late_s = max(done - end for end, done in zip(ends_s, done_s, strict=True))
    assert late_s <= cost_s + 3 * HOP / SAMPLE_RATE_HZ
    utilization = cost_s * (len(done_s) - 1) / (done_s[-1] - done_s[0])
    assert utilization <= MAX_UTILIZATION + 0.12, 'the thread rests'
    assert len(done_s) > 10, 'images go on being made'


def test_a_fast_computer_is_not_limited() -> None:
    ends_s, _ = simulate(0.01, 30.0, 20.0)
    assert len(ends_s) == pytest.approx(600, abs=2)


def test_a_prediction_that_just_fits_between_two_hops_is_made_at_every_hop() -> None:
    every_hop_hz = SAMPLE_RATE_HZ / HOP
    ends_s, _ = simulate(0.9 * HOP / SAMPLE_RATE_HZ, every_hop_hz, 10.0)
    assert len(ends_s) > 0.97 * 10 * every_hop_hz


def test_a_limited_rate_does_not_depend_on_the_hop() -> None:
    # The spacing of 1.3 hops is between one hop and two.
    cost_s = 1.3 * HOP / SAMPLE_RATE_HZ * MAX_UTILIZATION
    _, done_s = simulate(cost_s, SAMPLE_RATE_HZ / HOP, 10.0)
    assert len(done_s) == pytest.approx(10.0 * MAX_UTILIZATION / cost_s, rel=0.05)


def test_the_estimate_follows_the_speed_of_the_computer() -> None:
    sustained = SustainedRateEstimator()
    assert sustained.rate_hz == math.inf
    sustained.add(5.0)
    assert sustained.rate_hz == math.inf, 'the first prediction warms up'
    for _ in range(60):
        sustained.add(0.5)
    assert sustained.rate_hz == pytest.approx(MAX_UTILIZATION / 0.5, rel=0.01)
    for _ in range(60):
        sustained.add(0.02)
    assert sustained.rate_hz == pytest.approx(MAX_UTILIZATION / 0.02, rel=0.05)


def test_one_stall_of_the_computer_does_not_change_the_estimate() -> None:
    sustained = SustainedRateEstimator()
    for _ in range(20):
        sustained.add(0.01)
    sustained.add(3.0)
    assert sustained.rate_hz == pytest.approx(MAX_UTILIZATION / 0.01)
