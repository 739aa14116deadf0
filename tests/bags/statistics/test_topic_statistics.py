# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from audio_manifold_ros.bags.statistics.audio_statistics import AudioStatistics
from audio_manifold_ros.bags.statistics.clock_drift import ClockDriftEstimator
from audio_manifold_ros.bags.statistics.interval_histogram import IntervalHistogram
from audio_manifold_ros.bags.statistics.topic_statistics import TopicStatistics

START_NS = 1_700_000_000_000_000_000
RATE_HZ = 48_000
BLOCK = 480


@dataclass(frozen=True)
class ExampleChunk:
    samples: NDArray[np.int16]
    first_sample: int | None
    sample_rate_hz: int
    stamp_ns: int
    inferred: bool = False


def make_chunks(
    seconds: float, channels: int = 2, *, indexed: bool = True, ppm: float = 0.0, jitter_ms: float = 0.0
) -> list[ExampleChunk]:
    rng = np.random.default_rng(3)
    return [
        ExampleChunk(
            rng.integers(-3000, 3000, (channels, BLOCK)).astype(np.int16),
            first if indexed else None,
            RATE_HZ,
            START_NS + round(first / RATE_HZ / (1 + ppm * 1e-6) * 1e9 + rng.normal(0, jitter_ms * 1e6)),
        )
        for first in range(0, int(seconds * RATE_HZ), BLOCK)
    ]


@given(st.lists(st.integers(1_000, 10**13), min_size=1, max_size=300))
@settings(max_examples=30, deadline=None)
def test_the_median_is_accurate_to_one_per_cent(intervals: list[int]) -> None:
    histogram = IntervalHistogram()
    for interval in intervals:
        histogram.add(interval)
    assert histogram.median_ns() == pytest.approx(float(np.quantile(intervals, 0.5, method='inverted_cdf')), rel=0.011)
    assert histogram.max_ns == max(intervals)


def test_a_regular_topic_with_one_gap() -> None:
    statistics = TopicStatistics('camera/image', 'sensor_msgs/msg/Image')
    for frame in range(300):
        if not 100 <= frame < 104:
            stamp_ns = START_NS + frame * 33_333_333
            statistics.update(stamp_ns + 20_000_000, stamp_ns, 1000)
    summary = statistics.summary()
    assert summary.count == 296
    assert summary.bytes == 296_000
    assert summary.rate_hz == pytest.approx(29.6, rel=0.01)
    assert summary.period_ms == pytest.approx(33.33, rel=0.01)
    assert (summary.gaps, summary.missing) == (1, 4)
    assert summary.longest_s == pytest.approx(5 / 30, rel=1e-3)
    assert summary.age_ms == pytest.approx(20, rel=0.01)
    assert summary.backwards == 0


def test_jitter_is_not_a_gap_and_a_clock_that_goes_back_is_counted() -> None:
    statistics, rng = TopicStatistics('tf', 'tf2_msgs/msg/TFMessage'), np.random.default_rng(0)
    for index in range(1000):
        statistics.update(START_NS + index * 10_000_000 + int(rng.normal(0, 1_000_000)), None, 100)
    summary = statistics.summary()
    assert summary.gaps == 0
    assert not summary.stamped
    assert summary.age_ms is None
    assert 1.5 < summary.jitter_ms < 4
    statistics.update(START_NS, None, 100)
    assert statistics.summary().backwards == 1


def test_stamps_from_the_future_have_a_negative_age() -> None:
    statistics = TopicStatistics('image', 'sensor_msgs/msg/Image')
    for index in range(10):
        statistics.update(START_NS + index * 10**8, START_NS + index * 10**8 + 2 * 10**8, 10)
    assert statistics.summary().age_ms == pytest.approx(-200, rel=0.01)


@given(lost=st.lists(st.integers(1, 199), max_size=20, unique=True))
@settings(max_examples=20, deadline=None)
def test_every_lost_sample_is_counted(lost: list[int]) -> None:
    statistics = AudioStatistics()
    kept = [sound for index, sound in enumerate(make_chunks(2.01)) if index not in lost]
    for sound in kept:
        statistics.update(sound)
    summary = statistics.summary()
    assert summary is not None
    assert summary.samples == len(kept) * BLOCK
    assert summary.samples_lost == len(lost) * BLOCK
    assert summary.losses == len([index for index in lost if index - 1 not in lost])
    assert not summary.inferred
    assert summary.restarts == 0


def test_without_an_index_losses_are_inferred() -> None:
    statistics = AudioStatistics()
    blocks = make_chunks(3, indexed=False, jitter_ms=2)
    for sound in blocks[:100] + blocks[130:]:
        statistics.update(sound)
    summary = statistics.summary()
    assert summary is not None
    assert summary.inferred
    assert summary.losses == 1
    assert summary.samples_lost == pytest.approx(30 * BLOCK, abs=0.01 * RATE_HZ)


@pytest.mark.parametrize('ppm', [-120.0, 0.0, 80.0])
def test_the_drift_is_estimated_within_its_error(ppm: float) -> None:
    line = ClockDriftEstimator(RATE_HZ)
    for sound in make_chunks(60, 1, ppm=ppm, jitter_ms=2):
        assert sound.first_sample is not None
        line.add(sound.first_sample, sound.stamp_ns)
    drift = line.drift()
    assert drift is not None
    assert drift.error_ppm < 3
    assert abs(drift.ppm - ppm) < 4 * drift.error_ppm
    assert drift.jitter_ms == pytest.approx(2, rel=0.1)


def test_a_new_stream_or_a_clock_step_does_not_change_the_drift() -> None:
    line, blocks = ClockDriftEstimator(RATE_HZ), make_chunks(20, 1, ppm=50)
    for offset_ns in (0, 40 * 10**9, 100 * 10**9):
        for sound in blocks:
            line.add(sound.first_sample or 0, sound.stamp_ns + offset_ns)
    drift = line.drift()
    assert drift is not None
    assert drift.ppm == pytest.approx(50, abs=0.1)
    assert ClockDriftEstimator(RATE_HZ).drift() is None


def test_dead_clipping_and_duplicated_microphones_are_distinguished() -> None:
    statistics, rng = AudioStatistics(), np.random.default_rng(2)
    for sound in make_chunks(4, 5):
        samples = sound.samples.copy()
        samples[1] = 3
        samples[2] = np.where(rng.random(BLOCK) < 0.01, 32767, samples[2])
        samples[4] = samples[3]
        if (sound.first_sample or 0) >= 2 * RATE_HZ:
            samples[0] = 0
        statistics.update(ExampleChunk(samples, sound.first_sample, RATE_HZ, sound.stamp_ns))
    summary = statistics.summary()
    assert summary is not None
    assert [mic.silent_fraction for mic in summary.microphones] == [0.5, 1.0, 0.0, 0.0, 0.0]
    assert summary.microphones[2].clipped_fraction == pytest.approx(0.01, rel=0.2)
    assert summary.identical == ((3, 4),)
    assert summary.microphones[3].rms_dbfs == pytest.approx(20 * np.log10(3000 / 3**0.5 / 32768), abs=0.2)
    assert len(statistics.levels()) == 5


def test_a_stream_of_another_format_is_a_restart() -> None:
    statistics = AudioStatistics()
    for sound in [*make_chunks(1.5, 2), *make_chunks(1.5, 4)]:
        statistics.update(sound)
    summary = statistics.summary()
    assert summary is not None
    assert (summary.channels, summary.restarts, summary.samples_lost) == (4, 1, 0)
    assert AudioStatistics().summary() is None
