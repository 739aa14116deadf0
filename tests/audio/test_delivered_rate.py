# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The rate that a stream delivers against the rate that its blocks state."""

from __future__ import annotations

import numpy as np
import pytest

from audio_manifold_ros.audio.block import AudioBlock
from audio_manifold_ros.audio.delivered_rate import DeliveredRate
from audio_manifold_ros.common.units import NS_PER_S

SAMPLES = np.zeros((1, 512), dtype=np.float32)


def feed(declared_hz: int, true_hz: float, seconds: float, jitter_s: float = 0.0, step_s: float = 0.0) -> DeliveredRate:
    rng = np.random.default_rng(1)
    rate = DeliveredRate()
    for first in range(0, round(seconds * true_hz), 512):
        time_s = first / true_hz
        stamp_s = 1000 + time_s + rng.uniform(0, jitter_s) + (step_s if time_s > seconds / 2 else 0.0)
        rate.add(AudioBlock(SAMPLES, first, declared_hz, round(stamp_s * NS_PER_S)))
    return rate


@pytest.mark.parametrize(('declared', 'true'), [(48_000, 44_100), (16_000, 48_000), (44_100, 48_000), (22_500, 22_050)])
def test_a_wrong_rate_is_named_with_both_numbers(declared: int, true: int) -> None:
    text = feed(declared, true, 10).describe_difference(declared)
    if abs(true / declared - 1) < 0.03:
        assert not text
    else:
        assert f'state {declared} Hz' in text
        assert f'delivers {true} samples' in text


@pytest.mark.parametrize('step_s', [-0.3, 0.0, 0.3, 2.0])
def test_jitter_and_a_step_of_the_clock_are_no_wrong_rate(step_s: float) -> None:
    assert not feed(48_000, 48_005, 10, jitter_s=0.02, step_s=step_s).describe_difference(48_000)


def test_nothing_is_stated_before_some_seconds() -> None:
    assert feed(48_000, 44_100, 2).rate_hz() is None
    rate = feed(48_000, 44_100, 10)
    rate.reset()
    assert rate.rate_hz() is None
