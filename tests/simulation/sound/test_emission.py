# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from audio_manifold_ros.simulation.sound import emission, spectra
from audio_manifold_ros.simulation.sound.sample_grid import OVERSAMPLING, SampleGrid
from audio_manifold_ros.simulation.trajectory import StraightTrajectory
from audio_manifold_ros.simulation.vehicle import Vehicle, VehicleKind

GRID = SampleGrid(22_500)
OCTAVE = np.sqrt(2)
SECONDS = 2.2


def vehicle(kind: VehicleKind, *, electric: bool = False) -> Vehicle:
    return Vehicle(
        kind, StraightTrajectory((0.0, 3.0, 0.0), (13.0, 0.0, 0.0)), 4.5, 1.8, 1.5, True, electric, 0.0, 40.0
    )


@pytest.mark.parametrize('kind', list(emission.PROPULSION_HEIGHT_M))
def test_octaves_have_the_levels_of_cnossos(kind: VehicleKind) -> None:
    emitted = emission.VehicleEmission(GRID, vehicle(kind), 0, np.random.default_rng(3))
    steps = int(SECONDS * 22_500 / GRID.step_samples)
    rolling = spectra.rolling_levels_db(kind, 13.0)
    propulsion = spectra.propulsion_levels_db(kind, 13.0)
    expected = 10 * np.log10(10 ** (rolling / 10) + 10 ** (propulsion / 10)) - 11
    high = emitted.high(0, steps).sum(axis=0)
    power = np.abs(np.fft.rfft(high)) ** 2 * 2 / len(high) ** 2
    frequencies = np.fft.rfftfreq(len(high), 1 / (22_500 * OVERSAMPLING))
    for octave in range(4, 8):
        centre = spectra.OCTAVES_HZ[octave]
        inside = (frequencies >= centre / OCTAVE) & (frequencies < centre * OCTAVE)
        level = 10 * np.log10(power[inside].sum()) + 120 - emission.READING_LOSS_DB[octave - 3]
        assert level == pytest.approx(expected[octave], abs=0.5)
    low = emitted.low(0, steps)
    below = 10 * np.log10(np.mean(low.astype(np.float64) ** 2)) + 120
    band_ratio_db = np.array([0, 0, 0, 10 * np.log10((500 - 353.6) / 353.5)])
    assert below == pytest.approx(10 * np.log10(np.sum(10 ** ((expected[:4] + band_ratio_db) / 10))), abs=0.5)


def test_engine_tone_has_its_power_and_pitch() -> None:
    generator = np.random.default_rng(1)
    table = emission.engine_table(50.0, 0.04, generator)
    assert np.mean(table[:-1].astype(np.float64) ** 2) == pytest.approx(0.04, rel=1e-3)
    times = np.arange(2001) * (40 / 11_250)
    received = emission.read_table(table, 50.0 * times, 40)
    power = np.abs(np.fft.rfft(received * np.hanning(len(received)))) ** 2
    frequencies = np.fft.rfftfreq(len(received), 1 / 11_250)
    harmonic = np.abs(frequencies / 50 - np.round(frequencies / 50)) < 0.02
    assert power[harmonic].sum() / power.sum() > 0.99


def test_an_electric_car_has_no_engine_tone() -> None:
    emitted = emission.VehicleEmission(GRID, vehicle(VehicleKind.CAR, electric=True), 0, np.random.default_rng(2))
    assert emitted.height_m == pytest.approx(emission.ROLLING_HEIGHT_M, abs=1e-3)
    loud = emission.VehicleEmission(GRID, vehicle(VehicleKind.CAR), 0, np.random.default_rng(2))
    assert emitted.powers(0, 1)[1] < loud.powers(0, 1)[1] / 10


class Accelerating(StraightTrajectory):
    """Start from standstill with 2 m/s² at time zero."""

    def velocity(self, time_s: np.ndarray) -> np.ndarray:
        return np.stack([2 * np.maximum(time_s, 0), 0 * time_s, 0 * time_s], axis=1)

    def acceleration(self, time_s: np.ndarray) -> np.ndarray:
        return np.stack([np.where(time_s > 0, 2.0, 0.0), 0 * time_s, 0 * time_s], axis=1)


def test_an_accelerating_car_gets_louder_and_its_engine_faster() -> None:
    starting = replace(vehicle(VehicleKind.CAR), trajectory=Accelerating((0.0, 3.0, 0.0)))
    emitted = emission.VehicleEmission(GRID, starting, 0, np.random.default_rng(3))
    step_s = GRID.step_samples / 22_500
    idle, full = emitted.low(-200, -100), emitted.low(round(4 / step_s), round(4 / step_s) + 100)
    assert 20 * np.log10(full.std() / idle.std()) > 10
    clock = emitted._clock
    for start_s, expected_hz in ((-2.0, 20.0), (5.0, 40.0 * 1.24)):
        cycles = clock.cycles(np.array([start_s, start_s + 1.0]))
        assert cycles[1] - cycles[0] == pytest.approx(expected_hz, rel=0.02)
