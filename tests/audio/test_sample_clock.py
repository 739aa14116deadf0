# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The sample clock against streams with known jitter, drift and steps."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audio_manifold_ros.audio.sample_clock import SampleClock
from audio_manifold_ros.common.errors import AudioError
from audio_manifold_ros.common.units import NS_PER_S

START_NS = 1_760_000_000 * NS_PER_S


def true_ns(index: int, rate_hz: int, drift_ppm: float, start_ns: int = START_NS) -> int:
    return start_ns + round(index * NS_PER_S / rate_hz * (1 - drift_ppm * 1e-6))


@settings(deadline=None, max_examples=15)
@given(
    rate_hz=st.sampled_from([16000, 22500, 48000]),
    block=st.integers(256, 2048),
    drift_ppm=st.floats(-200, 200),
    jitter_ms=st.floats(0, 20),
    seed=st.integers(0, 1000),
)
def test_the_line_follows_drift_and_averages_jitter(
    rate_hz: int, block: int, drift_ppm: float, jitter_ms: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    clock = SampleClock(rate_hz)
    mean_late_ns = jitter_ms * 1e6 / 2
    errors_ms, stamps = [], []
    for index in range(0, 40 * rate_hz, block):
        clock.update(index, true_ns(index, rate_hz, drift_ppm) + int(rng.uniform(0, jitter_ms * 1e6)))
        stamps.append(clock.stamp_ns(index))
        errors_ms.append((stamps[-1] - true_ns(index, rate_hz, drift_ppm) - mean_late_ns) / 1e6)
    settled = np.abs(errors_ms[len(errors_ms) // 4 :])
    assert np.all(np.diff(stamps) > 0)
    # 200 ppm are 8 ms in these 40 s. The rarest blocks, 8 a second, leave 0.82 ms of it after a quarter of the time.
    assert settled.max() < 0.9 + 0.25 * jitter_ms
    assert clock.drift_ppm == pytest.approx(drift_ppm, abs=12 + 10 * jitter_ms)


def test_a_stream_without_jitter_is_exact() -> None:
    clock = SampleClock(22500)
    for index in range(0, 225000, 512):
        clock.update(index, true_ns(index, 22500, 0))
        assert abs(clock.stamp_ns(index) - true_ns(index, 22500, 0)) <= 1
    assert abs(clock.stamp_ns(0) - START_NS) <= 1
    assert abs(clock.stamp_ns(450000) - (START_NS + 20 * NS_PER_S)) <= 1


@pytest.mark.parametrize('step_s', [-3600.0, -0.6, 0.6, 5.0])
def test_a_step_restarts_the_line(step_s: float) -> None:
    clock = SampleClock(22500)
    for index in range(0, 22500, 500):
        clock.update(index, true_ns(index, 22500, 50))
    stepped = true_ns(22500, 22500, 50) + int(step_s * NS_PER_S)
    clock.update(22500, stepped)
    assert clock.stamp_ns(22500) == stepped


@pytest.mark.parametrize('step_s', [-0.45, -0.3, -0.1, -0.05, 0.05, 0.1, 0.3, 0.45])
@pytest.mark.parametrize('step_at_s', [2, 60])
@pytest.mark.parametrize('block', [256, 2048])
def test_two_seconds_after_a_small_step_stamps_are_right(step_s: float, step_at_s: int, block: int) -> None:
    """NTP and PTP step the clock by less than half a second."""
    rng = np.random.default_rng(3)
    clock = SampleClock(22500)
    settled_ms = []
    for index in range(0, (step_at_s + 60) * 22500, block):
        is_stepped = index >= step_at_s * 22500
        true = true_ns(index, 22500, 100) + (round(step_s * NS_PER_S) if is_stepped else 0)
        clock.update(index, true + int(rng.uniform(0, 5e6)))
        if index >= (step_at_s + 2) * 22500:
            settled_ms.append((clock.stamp_ns(index) - true) / 1e6)
    assert np.abs(settled_ms).max() < 20
    assert clock.drift_ppm == pytest.approx(100, abs=40)


def test_stamps_of_a_loaded_machine_do_not_move_the_line() -> None:
    rng = np.random.default_rng(4)
    clock = SampleClock(22500)
    for index in range(0, 60 * 22500, 512):
        is_loaded = index // 22500 % 10 in (5, 6, 7)
        clock.update(index, true_ns(index, 22500, 0) + int(rng.uniform(0, 300e6 if is_loaded else 5e6)))
        assert abs(clock.stamp_ns(index) - true_ns(index, 22500, 0)) < 12_000_000


def test_lost_samples_move_along_the_line() -> None:
    clock = SampleClock(22500)
    for index in (*range(0, 45000, 500), *range(450000, 495000, 500)):
        clock.update(index, true_ns(index, 22500, 0))
        assert abs(clock.stamp_ns(index) - true_ns(index, 22500, 0)) < 1000


def test_an_index_that_restarts_restarts_the_line() -> None:
    clock = SampleClock(22500)
    clock.update(90000, START_NS)
    clock.update(0, START_NS + 1000)
    assert clock.stamp_ns(0) == START_NS + 1000


def test_without_a_block_there_is_no_time() -> None:
    clock = SampleClock(22500)
    assert clock.drift_ppm == 0.0
    clock.update(0, START_NS)
    clock.reset()
    with pytest.raises(AudioError, match='no block has arrived'):
        clock.stamp_ns(0)
    with pytest.raises(AudioError, match='positive rate'):
        SampleClock(0)
