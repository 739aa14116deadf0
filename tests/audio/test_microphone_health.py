# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Every fault is found within two seconds. Streets, rain and wind cause no false fault."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audio_manifold_ros.audio.microphone_health import Fault, MicrophoneHealth
from audio_manifold_ros.common.array_types import Samples
from audio_manifold_ros.common.resource_paths import resource_path
from audio_manifold_ros.rig.rig import MicrophoneArray
from audio_manifold_ros.simulation.drive import Drive
from audio_manifold_ros.testing.microphone_faults import FAULTS, LEVEL_FAULTS, break_microphone
from audio_manifold_ros.testing.weather_noise import WeatherNoise

ARRAY = MicrophoneArray.from_yaml(resource_path('calibration/roof_octagon/mic_array.yaml'))
RATE_HZ = 22_500
FAULT_START_S = 3.3
MAX_DETECTION_S = 1.8
BLOCK = 480


def street(
    seed: int, seconds: int, rain_mm_h: float = 0.0, buffeting_db: float = 0.0, weather_seed: int | None = None
) -> Samples:
    drive = Drive(seed)
    audio = np.concatenate([drive.audio(second * RATE_HZ, RATE_HZ) for second in range(seconds)], axis=1)
    noise_seed = seed if weather_seed is None else weather_seed
    weather = WeatherNoise(8, RATE_HZ, noise_seed, rain_mm_h=rain_mm_h, buffeting_db=buffeting_db)
    return audio + weather.render(0, audio.shape[1])


def find_faults(health: MicrophoneHealth, audio: Samples, first: int = 0, block: int = BLOCK) -> dict[int, float]:
    """Push all audio and return the time of the first fault of each microphone, in seconds."""
    detected_s: dict[int, float] = {}
    for at in range(0, audio.shape[1], block):
        health.push(audio[:, at : at + block], first + at)
        for mic in health.faults:
            detected_s.setdefault(mic, (at + block) / RATE_HZ)
    return detected_s


@pytest.fixture(scope='module')
def drives() -> list[Samples]:
    return [street(1_200_001, 6), street(1_200_002, 6, 10.0, 0.0), street(1_200_003, 6, 0.0, 75.0)]


@pytest.fixture(scope='module')
def standing() -> Samples:
    """Return the audio of a vehicle that stands in light wind: the microphones share their low frequencies."""
    return street(1_200_005, 6)


@pytest.mark.parametrize('how', sorted(LEVEL_FAULTS))
@pytest.mark.parametrize('number', [0, 1, 2])
def test_every_fault_is_found_and_named_within_two_seconds(drives: list[Samples], number: int, how: str) -> None:
    mic = (3 * number + len(how)) % 8
    health = MicrophoneHealth(ARRAY, RATE_HZ)
    detected_s = find_faults(health, break_microphone(drives[number], mic, how, FAULT_START_S, RATE_HZ))
    assert list(detected_s) == [mic]
    assert FAULT_START_S < detected_s[mic] < FAULT_START_S + MAX_DETECTION_S
    assert health.faults[mic] in FAULTS[how][1]


@pytest.mark.parametrize(('rain_mm_h', 'buffeting_db'), [(0.0, 0.0), (30.0, 0.0), (0.0, 90.0), (10.0, 80.0)])
def test_streets_rain_and_wind_cause_no_false_fault(rain_mm_h: float, buffeting_db: float) -> None:
    for seed in (1_300_001, 1_300_002):
        health = MicrophoneHealth(ARRAY, RATE_HZ, check_relation=True)
        assert not find_faults(health, street(seed, 12, rain_mm_h, buffeting_db))


def test_a_gust_at_one_capsule_is_no_fault() -> None:
    """The gust lowers the relation of one microphone to the others for half a second."""
    health = MicrophoneHealth(ARRAY, RATE_HZ, check_relation=True)
    assert not find_faults(health, street(1_400_138, 4, 10.0, 70.0, weather_seed=138))


@pytest.mark.parametrize('how', sorted(LEVEL_FAULTS))
def test_every_fault_is_found_within_a_second_where_phase_matters(drives: list[Samples], how: str) -> None:
    assert_found_within_a_second(drives[0], how)


def test_a_channel_out_of_step_is_found_within_a_second_at_rest(standing: Samples) -> None:
    assert_found_within_a_second(standing, 'out of step')


def assert_found_within_a_second(audio: Samples, how: str) -> None:
    health = MicrophoneHealth(ARRAY, RATE_HZ, check_relation=True)
    detected_s = find_faults(health, break_microphone(audio, 2, how, FAULT_START_S, RATE_HZ))
    assert list(detected_s) == [2]
    assert FAULT_START_S < detected_s[2] < FAULT_START_S + 1.0
    assert health.faults[2] in FAULTS[how][1]


def test_no_channel_is_called_out_of_step_in_the_air_of_a_fast_drive(drives: list[Samples]) -> None:
    """At 16 m/s the noise of the air, different at each capsule, is louder than the common sound below 600 Hz."""
    health = MicrophoneHealth(ARRAY, RATE_HZ, check_relation=True)
    assert not find_faults(health, break_microphone(drives[0], 2, 'out of step', FAULT_START_S, RATE_HZ))


def test_relation_is_checked_on_request_only_and_where_microphones_are_related(standing: Samples) -> None:
    silent = break_microphone(standing, 5, 'out of step', FAULT_START_S, RATE_HZ)
    assert not find_faults(MicrophoneHealth(ARRAY, RATE_HZ), silent)
    independent = (0.02 * np.random.default_rng(1).standard_normal((8, 4 * RATE_HZ))).astype(np.float32)
    assert not find_faults(MicrophoneHealth(ARRAY, RATE_HZ, check_relation=True), independent)


def test_two_faults_at_once_are_both_found(drives: list[Samples]) -> None:
    broken = break_microphone(break_microphone(drives[0], 1, 'hissing', 2.0, RATE_HZ), 6, 'covered', 2.0, RATE_HZ)
    health = MicrophoneHealth(ARRAY, RATE_HZ)
    find_faults(health, broken)
    assert health.faults == {1: Fault.NOISY, 6: Fault.OCCLUDED}


def test_a_repaired_microphone_is_used_again(drives: list[Samples]) -> None:
    audio = drives[0].copy()
    audio[5, RATE_HZ : 2 * RATE_HZ] = 0
    health = MicrophoneHealth(ARRAY, RATE_HZ)
    detected_s = find_faults(health, audio[:, : 4 * RATE_HZ])
    assert list(detected_s) == list(health.faults) == [5]
    find_faults(health, audio[:, 4 * RATE_HZ :], 4 * RATE_HZ)
    assert not health.faults


@settings(deadline=None, max_examples=8)
@given(sizes=st.lists(st.integers(1, 4000), min_size=1, max_size=5))
def test_faults_do_not_depend_on_the_block_length(drives: list[Samples], sizes: list[int]) -> None:
    broken = break_microphone(drives[1], 2, 'covered', 1.0, RATE_HZ)[:, : 3 * RATE_HZ]
    uncut, cut = MicrophoneHealth(ARRAY, RATE_HZ), MicrophoneHealth(ARRAY, RATE_HZ)
    find_faults(uncut, broken, 700)
    at, number = 0, 0
    while at < broken.shape[1]:
        size = sizes[number % len(sizes)]
        cut.push(broken[:, at : at + size], 700 + at)
        at, number = at + size, number + 1
    assert cut.faults == uncut.faults != {}


def test_order_and_gain_of_the_rig_are_applied(drives: list[Samples]) -> None:
    turned = tuple(replace(mic, device_channel=7 - place) for place, mic in enumerate(ARRAY.microphones))
    quiet = (replace(turned[0], gain_db=30.0), *turned[1:])
    audio = drives[0].copy()
    audio[7] /= 10**1.5
    health = MicrophoneHealth(replace(ARRAY, microphones=quiet), RATE_HZ)
    assert not find_faults(health, audio)
    assert list(find_faults(health, break_microphone(audio, 1, 'covered', 0.5, RATE_HZ), 0)) == [6]


def test_a_disabled_microphone_is_not_checked_and_not_a_reference(drives: list[Samples]) -> None:
    off = (replace(ARRAY.microphones[0], enabled=False), *ARRAY.microphones[1:])
    health = MicrophoneHealth(replace(ARRAY, microphones=off), RATE_HZ)
    assert not find_faults(health, break_microphone(drives[0], 0, 'hissing', 0.0, RATE_HZ))


def test_gaps_are_no_fault_and_silence_is_one_for_all(drives: list[Samples]) -> None:
    health = MicrophoneHealth(ARRAY, RATE_HZ)
    at = 0
    for part in np.array_split(drives[0], 9, axis=1):
        assert not find_faults(health, part, at)
        at += part.shape[1] + 5000
    silence = np.zeros((8, RATE_HZ), dtype=np.float32)
    find_faults(health, silence, at)
    assert health.faults == dict.fromkeys(range(8), Fault.UNPLUGGED)
    health.reset()
    assert not health.faults


@pytest.mark.parametrize('rate_hz', [8000, 16_000, 48_000, 96_000])
def test_faults_are_found_at_every_rate(rate_hz: int) -> None:
    rng = np.random.default_rng(0)
    audio = (0.05 * rng.standard_normal((8, 3 * rate_hz))).astype(np.float32)
    audio[4, rate_hz:] *= 1e-3
    health = MicrophoneHealth(ARRAY, rate_hz)
    for at in range(0, audio.shape[1], 512):
        health.push(audio[:, at : at + 512], at)
    assert health.faults == {4: Fault.DEAD}


def test_two_microphones_have_no_majority() -> None:
    pair = replace(ARRAY, microphones=ARRAY.microphones[:2])
    audio = (0.05 * np.random.default_rng(0).standard_normal((2, 3 * RATE_HZ))).astype(np.float32)
    audio[0] *= 1e-3
    health = MicrophoneHealth(pair, RATE_HZ)
    assert not find_faults(health, audio)
    audio[0] = 0
    assert find_faults(health, audio, 10 * RATE_HZ)
