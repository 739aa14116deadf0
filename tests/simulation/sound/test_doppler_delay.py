# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import numpy as np
import pytest

from audio_manifold_ros.simulation.sound.doppler_delay import EDGE_STEPS, add_delayed, fan_out, read_bands, read_path
from audio_manifold_ros.simulation.sound.sample_grid import powers

WIDTH = 80
# 0 to 1 over a step.
T = powers(WIDTH, 1)[1]


def tone(places: np.ndarray, period: float) -> np.ndarray:
    return np.sin(2 * np.pi * places / period)


def test_reads_between_samples_along_moving_lines() -> None:
    signal = tone(np.arange(4000), 90.0).astype(np.float32)
    positions = np.array([[100.3, 425.9, 741.2, 1049.8], [7.0, 327.0, 647.0, 967.0]])
    gains = np.array([[1.0, 0.5, 0.5, 0.25], [2.0, 2.0, 2.0, 2.0]])
    received = np.zeros((2, 3 * WIDTH), dtype=np.float32)
    read_path(received, signal, positions, gains, T)
    control = np.arange(4) * WIDTH
    for row in range(2):
        places = np.interp(np.arange(3 * WIDTH), control, positions[row])
        expected = np.interp(np.arange(3 * WIDTH), control, gains[row]) * tone(places, 90.0)
        assert np.abs(received[row] - expected).max() < 2e-3


def test_fractions_are_exact_at_large_indices() -> None:
    signal = tone(np.arange(400_000), 90.0).astype(np.float32)
    positions = np.array([[390_000.37, 390_320.62]])
    received = np.zeros((1, WIDTH), dtype=np.float32)
    read_path(received, signal, positions, np.ones((1, 2)), T)
    expected = tone(390_000.37 + np.arange(WIDTH) * (320.25 / WIDTH), 90.0)
    assert np.abs(received[0] - expected).max() < 2e-3


def test_fan_out_shifts_each_microphone() -> None:
    steps = 5
    centre = tone(np.arange(2 * (steps + 2 * EDGE_STEPS) * WIDTH), 60.0).astype(np.float32)
    shifts = np.array([np.linspace(-60.2, -58.9, steps + 1), np.full(steps + 1, 33.5), np.full(steps + 1, 0.0)])
    gains = np.array([np.linspace(1, 0.5, steps + 1), np.ones(steps + 1), np.full(steps + 1, 2.0)])
    out = np.ones((3, steps * WIDTH), dtype=np.float32)
    fan_out(out, centre, shifts, gains, WIDTH)
    n = np.arange(steps * WIDTH)
    for row in range(3):
        shift, gain = (np.interp(n, np.arange(steps + 1) * WIDTH, values[row]) for values in (shifts, gains))
        expected = 1 + gain * tone(2 * (n + EDGE_STEPS * WIDTH) + shift, 60.0)
        assert out[row] == pytest.approx(expected, abs=5e-3)


def test_bands_are_added_with_gains_of_their_own() -> None:
    signals = np.stack([tone(np.arange(4000), 90.0), tone(np.arange(4000), 31.0)]).astype(np.float32)
    positions = np.array([100.3, 425.9, 741.2, 1049.8])
    gains = np.array([[1.0, 0.5, 0.5, 0.25], [0.0, 1.0, 2.0, 2.0]])
    received = np.empty(3 * WIDTH, dtype=np.float32)
    read_bands(received, signals, positions, gains, T)
    apart = np.zeros((2, 3 * WIDTH), dtype=np.float32)
    for band in range(2):
        read_path(apart[band : band + 1], signals[band], positions[None], gains[band : band + 1], T)
    assert received == pytest.approx(apart.sum(axis=0), abs=1e-5)


def test_a_delayed_signal_arrives_at_each_microphone() -> None:
    lead, steps, stride = 3 * WIDTH, 4, 4
    places = np.arange(stride * (lead + (steps + 1) * WIDTH))
    signal = np.ascontiguousarray(tone(places, 60.0).astype(np.float32).reshape(-1, stride).T)
    delays = np.array([np.linspace(700.3, 701.9, steps + 1), np.full(steps + 1, 33.5)])
    gains = np.array([np.linspace(1, 0.5, steps + 1), np.ones(steps + 1)])
    out = np.ones((2, steps * WIDTH), dtype=np.float32)
    add_delayed(out, signal, delays, gains, stride, lead, WIDTH)
    n = np.arange(steps * WIDTH)
    for row in range(2):
        delay, gain = (np.interp(n, np.arange(steps + 1) * WIDTH, values[row]) for values in (delays, gains))
        assert out[row] == pytest.approx(1 + gain * tone(stride * (lead + n) - delay, 60.0), abs=5e-3)
