# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Channels that are sums of other channels, as audio servers make them."""

from __future__ import annotations

import numpy as np
import pytest

from audio_manifold_ros.audio.dependent_channels import (
    ChannelCovariance,
    DependentChannel,
    describe_dependent_channels,
    find_dependent_channels,
)
from audio_manifold_ros.common.array_types import Samples
from audio_manifold_ros.common.pcm16 import float_to_int16, int16_to_float
from audio_manifold_ros.simulation.drive import Drive


def find(samples: Samples) -> tuple[DependentChannel, ...]:
    covariance = ChannelCovariance(len(samples))
    for part in np.array_split(int16_to_float(float_to_int16(samples)), 7, axis=1):
        covariance.add(part)
    return find_dependent_channels(covariance.matrix())


def noise(channels: int, common: float = 1.0, level: float = 0.08) -> Samples:
    rng = np.random.default_rng(0)
    shared, own = rng.standard_normal(40_000), rng.standard_normal((channels, 40_000))
    return (level * (common * shared + 0.8 * own)).astype(np.float32)


def test_six_channels_opened_as_eight() -> None:
    samples = noise(8)
    samples[6], samples[7] = (samples[0] + samples[2]) / 2, (samples[1] + samples[3]) / 2
    found = find(samples)
    assert [channel.channel for channel in found] == [6, 7]
    assert found[0].weights == pytest.approx({0: 0.5, 2: 0.5}, abs=0.01)
    assert not found[0].is_copy
    text = describe_dependent_channels(found, [f'mic_{i}' for i in range(8)])
    assert 'mic_6 = 0.50 · mic_0 + 0.50 · mic_2, mic_7 = 0.50 · mic_1 + 0.50 · mic_3' in text
    assert '2 of 8 channels' in text
    assert 'the device has 6 channels' in text


def test_two_channels_spread_over_eight() -> None:
    weights = np.array([[1, 0], [0, 1], [0.7, 0.7], [0.7, 0.7], [1, 0], [0, 1], [1, 0], [0, 1]], dtype=np.float32)
    found = find(weights @ noise(2))
    assert [channel.channel for channel in found] == [2, 3, 4, 5, 6, 7]
    assert [channel.is_copy for channel in found] == [False, False, True, True, True, True]


@pytest.mark.parametrize('common', [0.0, 1.0, 20.0])
def test_microphones_with_a_common_sound_are_not_mixes(common: float) -> None:
    assert not find(noise(8, common, level=0.01))


def test_the_simulated_street_and_silence_are_not_mixes() -> None:
    assert not find(Drive(17).audio(0, 22_500))
    assert not find(np.zeros((8, 1000), dtype=np.float32))
