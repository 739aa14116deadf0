# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Counting of lost samples, with arrivals that jitter and come in bursts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audio_manifold_ros.audio.capture.capture_index import CaptureIndexer
from audio_manifold_ros.common.units import NS_PER_S

RATE_HZ = 22_500
START_NS = 5_000 * NS_PER_S


class Device:
    """Device that sends blocks in bursts with random delays and may lose samples."""

    def __init__(self, block: int, burst: int, jitter_ms: float, seed: int) -> None:
        self.block = block
        self.burst = burst
        self.jitter_ms = jitter_ms
        self.rng = np.random.default_rng(seed)
        self.true_sample = 0
        self.count = 0
        self.arrived_ns = 0

    def next_arrival_ns(self) -> int:
        self.true_sample += self.block
        self.count += 1
        until_burst = -self.count % self.burst
        complete_ns = START_NS + (self.true_sample + until_burst * self.block) * NS_PER_S // RATE_HZ
        self.arrived_ns = max(self.arrived_ns, complete_ns + int(self.rng.uniform(0, self.jitter_ms * 1e6)))
        return self.arrived_ns


@settings(deadline=None, max_examples=20)
@given(
    block=st.integers(100, 1200),
    burst=st.integers(1, 4),
    jitter_ms=st.floats(0, 30),
    seed=st.integers(0, 99),
)
def test_bursts_and_jitter_lose_nothing(block: int, burst: int, jitter_ms: float, seed: int) -> None:
    device = Device(block, min(burst, max(1, 2000 // block)), jitter_ms, seed)
    timeline = CaptureIndexer(RATE_HZ)
    for number in range(4 * RATE_HZ // block):
        first, captured_ns = timeline.assign_index(block, device.next_arrival_ns())
        assert first == number * block
        if first > RATE_HZ:
            true_ns = START_NS + first * NS_PER_S // RATE_HZ
            assert -2 <= captured_ns - true_ns <= (jitter_ms + 1) * 1e6
    assert timeline.samples_lost == 0


@settings(deadline=None, max_examples=20)
@given(lost_ms=st.integers(1, 60_000), how=st.sampled_from(['overflow', 'reopen']), seed=st.integers(0, 99))
def test_announced_losses_are_counted_from_the_clock(lost_ms: int, how: str, seed: int) -> None:
    device = Device(256, 1, 3.0, seed)
    timeline = CaptureIndexer(RATE_HZ)
    for _ in range(300):
        timeline.assign_index(256, device.next_arrival_ns())
    end_sample = timeline.end_sample
    device.true_sample += lost_ms * RATE_HZ // 1000
    if how == 'reopen':
        timeline.reopen()
    first, _ = timeline.assign_index(256, device.next_arrival_ns(), overflow=how == 'overflow')
    assert first > end_sample
    assert first - end_sample == timeline.samples_lost
    assert timeline.samples_lost == pytest.approx(lost_ms * RATE_HZ / 1000, abs=0.004 * RATE_HZ)
    for _ in range(300):
        following, _ = timeline.assign_index(256, device.next_arrival_ns())
        assert following == first + 256
        first = following


@pytest.mark.parametrize('lost_ms', [150, 300, 450])
def test_an_unreported_loss_is_found(lost_ms: int) -> None:
    device = Device(256, 4, 5.0, 7)
    timeline = CaptureIndexer(RATE_HZ)
    for _ in range(300):
        timeline.assign_index(256, device.next_arrival_ns())
    assert timeline.samples_lost == 0
    device.true_sample += lost_ms * RATE_HZ // 1000
    for _ in range(int(0.6 * RATE_HZ / 256)):
        timeline.assign_index(256, device.next_arrival_ns())
    assert timeline.samples_lost == pytest.approx(lost_ms * RATE_HZ / 1000, abs=0.06 * RATE_HZ)
    found = timeline.samples_lost
    for _ in range(300):
        timeline.assign_index(256, device.next_arrival_ns())
    assert timeline.samples_lost == found


def test_a_stall_with_a_delivered_backlog_is_no_loss() -> None:
    device = Device(256, 1, 1.0, 3)
    timeline = CaptureIndexer(RATE_HZ)
    for _ in range(300):
        timeline.assign_index(256, device.next_arrival_ns())
    device.arrived_ns += NS_PER_S * 4 // 10
    for _ in range(300):
        timeline.assign_index(256, device.next_arrival_ns())
    assert timeline.samples_lost == 0


def test_blocks_known_to_be_missing_are_counted_exactly() -> None:
    device = Device(256, 1, 1.0, 3)
    timeline = CaptureIndexer(RATE_HZ)
    timeline.assign_index(256, device.next_arrival_ns())
    device.true_sample += 100 * 256
    first, _ = timeline.assign_index(256, device.next_arrival_ns(), missing_samples=100 * 256)
    assert first == 101 * 256
    assert timeline.samples_lost == 100 * 256
