# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import numpy as np
import pytest

from audio_manifold_ros.simulation.scene import Vehicle, VehicleKind
from audio_manifold_ros.simulation.sound import emission, spectra
from audio_manifold_ros.simulation.sound.sample_grid import OVERSAMPLING, SampleGrid
from audio_manifold_ros.simulation.trajectory import StraightTrajectory

GRID = SampleGrid(22_500)
OCTAVE = np.sqrt(2)
SECONDS = 2.2


def vehicle(kind: VehicleKind, *, electric: bool = False) -> Vehicle:
    return Vehicle(
        kind, StraightTrajectory((0.0, 3.0, 0.0), (13.0, 0.0, 0.0)), 4.5, 1.8, 1.5, True, electric, 0.0, 40.0
    )


@pytest.mark.parametrize('kind', list(emission.PROPULSION_HEIGHT_M))
def test_octaves_have_the_levels_of_cnossos(kind: VehicleKind) -> None:
    emitted = emission.Emission(GRID, vehicle(kind), np.random.default_rng(3))
    steps = int(SECONDS * 22_500 / GRID.step_samples)
    # A detour of 0 doubles the amplitude, minus the absorption of the ground.
    still = np.zeros(steps + 1)
    ground = 1 + emission.GROUND_REFLECTION
    rolling = spectra.rolling_levels_db(kind, 13.0)
    propulsion = spectra.propulsion_levels_db(kind, 13.0)
    expected = 10 * np.log10(10 ** (rolling / 10) + 10 ** (propulsion / 10)) - 11
    high = emitted.high(0, steps, still, np.ones(steps + 1)) / ground
    power = np.abs(np.fft.rfft(high)) ** 2 * 2 / len(high) ** 2
    frequencies = np.fft.rfftfreq(len(high), 1 / (22_500 * OVERSAMPLING))
    for octave in range(4, 8):
        centre = spectra.OCTAVES_HZ[octave]
        inside = (frequencies >= centre / OCTAVE) & (frequencies < centre * OCTAVE)
        level = 10 * np.log10(power[inside].sum()) + 120 - emission.READING_LOSS_DB[octave - 3]
        assert level == pytest.approx(expected[octave], abs=0.5)
    low = emitted.low(0, steps, still) / ground
    below = 10 * np.log10(np.mean(low.astype(np.float64) ** 2)) + 120
    band_ratio_db = np.array([0, 0, 0, 10 * np.log10((500 - 353.6) / 353.5)])
    assert below == pytest.approx(10 * np.log10(np.sum(10 ** ((expected[:4] + band_ratio_db) / 10))), abs=0.5)


def test_the_notches_of_the_ground_comb_follow_the_detour() -> None:
    width, steps, detour = 320, 200, 37.4
    generator = np.random.default_rng(5)
    signal = generator.standard_normal((steps + 1) * width).astype(np.float32)
    received = emission.add_ground(signal, np.full(steps + 1, detour), width, width)
    rate = 90_000
    gain = np.abs(np.fft.rfft(received[: 160 * 320].reshape(-1, 2560), axis=1)) ** 2
    before = np.abs(np.fft.rfft(signal[width:][: 160 * 320].reshape(-1, 2560), axis=1)) ** 2
    ratio = gain.mean(axis=0) / before.mean(axis=0)
    frequencies = np.fft.rfftfreq(2560, 1 / rate)
    notch = rate / detour / 2
    near = (frequencies > 0.7 * notch) & (frequencies < 1.3 * notch)
    assert frequencies[near][np.argmin(ratio[near])] == pytest.approx(notch, rel=0.05)
    peak = (frequencies > 1.8 * notch) & (frequencies < 2.2 * notch)
    assert ratio[peak].mean() == pytest.approx(1.95**2, rel=0.15)


def test_ground_follows_a_changing_detour() -> None:
    width, steps = 320, 60
    n = np.arange((steps + 1) * width)
    signal = np.sin(2 * np.pi * n / 200.0).astype(np.float32)
    detours = np.linspace(8.0, 40.0, steps + 1)
    received = emission.add_ground(signal, detours, width, width)
    late = n[width:] - np.interp(n[width:] - width, np.arange(steps + 1) * width, detours)
    expected = np.sin(2 * np.pi * n[width:] / 200.0) + emission.GROUND_REFLECTION * np.sin(2 * np.pi * late / 200.0)
    assert np.abs(received - expected).max() < 2e-3


def test_engine_tone_has_its_power_and_pitch() -> None:
    generator = np.random.default_rng(1)
    table = emission.engine_table(50.0, 0.04, generator)
    assert np.mean(table[:-1].astype(np.float64) ** 2) == pytest.approx(0.04, rel=1e-3)
    steady = np.array([[0.1, 0.0]]) * [1e9, 1]
    times = np.arange(2001) * (40 / 11_250)
    received = emission.tone(table, 50.0, steady, times, 40)
    power = np.abs(np.fft.rfft(received * np.hanning(len(received)))) ** 2
    frequencies = np.fft.rfftfreq(len(received), 1 / 11_250)
    harmonic = np.abs(frequencies / 50 - np.round(frequencies / 50)) < 0.02
    assert power[harmonic].sum() / power.sum() > 0.99


def test_an_electric_car_has_no_engine_tone() -> None:
    emitted = emission.Emission(GRID, vehicle(VehicleKind.CAR, electric=True), np.random.default_rng(2))
    assert emitted.height_m == pytest.approx(emission.ROLLING_HEIGHT_M, abs=1e-3)
    loud = emission.Emission(GRID, vehicle(VehicleKind.CAR), np.random.default_rng(2))
    assert emitted.low_power < loud.low_power / 10
