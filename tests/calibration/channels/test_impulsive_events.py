# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Detection, onsets and TDOAs of claps and chirps in noise."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.signal
from numpy.typing import NDArray

from audio_manifold_ros.calibration.channels.impulsive_events import detect_events, estimate_event_tdoas
from audio_manifold_ros.calibration.channels.onset_detection import detect_onsets

RATE_HZ, SECONDS, LONGEST_S = 22_500, 8.0, 0.004
TIMES_S = (1.0, 2.3, 3.1, 4.6, 5.9, 7.0)
DELAYS = np.array([0.0, 3.25, -7.5, 12.0, 30.3])


def _burst(generator: np.random.Generator) -> NDArray[np.float64]:
    return np.asarray(np.exp(-np.arange(900) / 90) * generator.standard_normal(900))


def _chirp(_generator: np.random.Generator) -> NDArray[np.float64]:
    times_s = np.arange(round(0.2 * RATE_HZ)) / RATE_HZ
    return np.asarray(0.5 * scipy.signal.chirp(times_s, 500, 0.2, 8000) * np.hanning(len(times_s)))


def _recorded(make: object, level: float = 1.0) -> NDArray[np.float32]:
    """Five channels in noise, with inverted polarity on one channel in the second half of the sounds."""
    assert callable(make)
    generator = np.random.default_rng(5)
    sound = np.zeros(round(SECONDS * RATE_HZ))
    for time_s in TIMES_S:
        signal = make(generator)
        start = round(time_s * RATE_HZ)
        sound[start : start + len(signal)] += signal
    spectrum, turns = np.fft.rfft(sound), np.fft.rfftfreq(len(sound))
    channels = [np.fft.irfft(spectrum * np.exp(-2j * np.pi * turns * delay), len(sound)) for delay in DELAYS]
    channels[2] *= -1
    noise = 0.02 * generator.standard_normal((len(DELAYS), len(sound)))
    return np.asarray(level * np.array(channels) + noise, dtype=np.float32)


@pytest.mark.parametrize('make', [_burst, _chirp])
def test_lags_are_subsample_accurate(make: object) -> None:
    recorded = _recorded(make)
    events = detect_events(recorded, RATE_HZ, LONGEST_S)
    assert len(events.spans) == len(TIMES_S)
    tdoas = estimate_event_tdoas(recorded, RATE_HZ, events, LONGEST_S)
    assert tdoas.lags_samples == pytest.approx(np.tile(DELAYS - np.median(DELAYS), (6, 1)), abs=0.05)
    assert tdoas.clarity.min() > 0.5
    assert tdoas.times_s == pytest.approx(np.array(TIMES_S) + 0.05, abs=0.1)


def test_onsets_are_accurate_to_a_millisecond() -> None:
    recorded = _recorded(_burst)
    onsets_s = detect_onsets(recorded, RATE_HZ, detect_events(recorded, RATE_HZ, LONGEST_S))
    assert onsets_s == pytest.approx(np.array(TIMES_S) + np.median(DELAYS) / RATE_HZ, abs=1e-3)


def test_noise_alone_is_no_event() -> None:
    assert len(detect_events(_recorded(_burst, level=0.0), RATE_HZ, LONGEST_S).spans) == 0


def test_a_click_on_one_channel_is_no_event() -> None:
    recorded = _recorded(_burst, level=0.0)
    recorded[1, 50_000:50_040] += 1
    assert len(detect_events(recorded, RATE_HZ, LONGEST_S).spans) == 0
