# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest

from audio_manifold_ros.calibration.channels.channel_check import FAULTS, check_channels
from audio_manifold_ros.common.array_types import Samples
from audio_manifold_ros.testing.microphone_faults import break_microphone
from audio_manifold_ros.testing.rig_faults import FAULT_NAMES, quantize_to_pcm16
from audio_manifold_ros.testing.rig_faults import FAULTS as INJECTED
from audio_manifold_ros.testing.simulated_rig import RATE_HZ, SimulatedRig, octagon

SECONDS = 8.0


@pytest.fixture(scope='module')
def street() -> Samples:
    rig = SimulatedRig(981_001, octagon(), driving=True)
    return rig.device(rig.street(SECONDS))


def faults(samples: Samples) -> dict[int, tuple[str, ...]]:
    check = check_channels(samples, RATE_HZ)
    assert check.is_healthy == (not any(channel.faults for channel in check.channels))
    return {number: channel.faults for number, channel in enumerate(check.channels) if channel.faults}


def test_wind_and_traffic_are_no_faults(street: Samples) -> None:
    assert faults(street) == {}


@pytest.mark.parametrize('name', INJECTED)
def test_fault_is_found_on_its_channel_only(street: Samples, name: str) -> None:
    broken = street.copy()
    INJECTED[name](broken, 3, np.random.default_rng(5))
    found = faults(quantize_to_pcm16(broken))
    assert FAULT_NAMES[name] in found[3]
    assert set(found) == ({3, 4} if name == 'duplicated' else {3})


def test_an_open_input_that_hums_is_dead(street: Samples) -> None:
    assert faults(break_microphone(street, 3, 'humming', 0.0, RATE_HZ)) == {3: ('dead',)}


def test_measured_values(street: Samples) -> None:
    shifted = street + np.float32(0.125) * (np.arange(8) == 6)[:, None].astype(np.float32)
    check = check_channels(shifted, RATE_HZ)
    assert check.channels[6].dc == pytest.approx(0.125, abs=0.01)
    assert check.channels[6].faults == ('offset',)
    for channel, samples in zip(check.channels, street, strict=True):
        assert channel.level_dbfs == pytest.approx(20 * np.log10(samples.std()), abs=0.1)
        assert channel.noise_floor_dbfs < channel.level_dbfs < channel.peak_dbfs
        assert 0.3 < channel.coherence['60-250 Hz'] < 1


def test_independent_wind_noise_is_no_fault(street: Samples) -> None:
    rng = np.random.default_rng(1)
    rumble = np.cumsum(rng.standard_normal(street.shape), axis=1)
    rumble -= np.apply_along_axis(lambda row: np.convolve(row, np.ones(2000) / 2000, 'same'), 1, rumble)
    gusts = 1 + np.sin(np.arange(street.shape[1]) / RATE_HZ * np.array([[2.0], [1.1], [0.7], [3.0]] * 2))
    windy = street + (0.03 * rumble / rumble.std() * gusts).astype(np.float32)
    assert faults(quantize_to_pcm16(windy)) == {}


def test_every_fault_has_a_remedy() -> None:
    assert set(FAULT_NAMES.values()) <= set(FAULTS)


def test_two_silent_channels_are_dead() -> None:
    assert faults(np.zeros((2, 3 * RATE_HZ), dtype=np.float32)) == {0: ('dead',), 1: ('dead',)}
