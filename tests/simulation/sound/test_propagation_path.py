# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import numpy as np
import pytest

from audio_manifold_ros.common.units import SPEED_OF_SOUND_MPS
from audio_manifold_ros.simulation.scene import Vehicle, VehicleKind
from audio_manifold_ros.simulation.sound import propagation
from audio_manifold_ros.simulation.sound.image_source_method import Wall
from audio_manifold_ros.simulation.sound.propagation_path import PropagationPath, VehicleSound
from audio_manifold_ros.simulation.sound.receivers import Receivers
from audio_manifold_ros.simulation.sound.sample_grid import LOW_STEP_SAMPLES, OVERSAMPLING, SampleGrid
from audio_manifold_ros.simulation.trajectory import StraightTrajectory

GRID = SampleGrid(22_500)
ANGLES = np.arange(8) * np.pi / 4
FACINGS = np.stack([np.cos(ANGLES), np.sin(ANGLES), np.zeros(8)], axis=1)
HEIGHT_M = 1.7


class Signal:
    """Emission of a given function of time, equal in both bands and without ground: only geometry has an effect."""

    high_power = low_power = 1.0
    height_m = HEIGHT_M

    def __init__(self, function: object) -> None:
        self._function = function

    def high(self, first: int, last: int, _detour_s: np.ndarray, _air: np.ndarray) -> np.ndarray:
        return self._at(first, last, 22_500 * OVERSAMPLING)

    def low(self, first: int, last: int, _detour_s: np.ndarray) -> np.ndarray:
        return self._at(first, last, GRID.low_rate_hz * OVERSAMPLING)

    def _at(self, first: int, last: int, rate_hz: float) -> np.ndarray:
        step_s = GRID.step_samples / 22_500
        n = round((last - first) * step_s * rate_hz)
        return np.asarray(self._function(first * step_s + np.arange(n) / rate_hz), dtype=np.float32)  # type: ignore[operator]


def make_vehicle_sound(
    x_m: float, y_m: float, speed_mps: float, receiver_speed_mps: float = 0.0, function: object = None
) -> VehicleSound:
    motion = StraightTrajectory((x_m, y_m, 0.0), (speed_mps, 0.0, 0.0))
    vehicle = Vehicle(VehicleKind.CAR, motion, 4.5, 1.8, 1.5, True, False, 0.0, 40.0)
    receivers = Receivers(np.array([0.0, 0.0, HEIGHT_M]), 0.5 * FACINGS, FACINGS, receiver_speed_mps)
    sound = VehicleSound(vehicle, receivers, GRID, SPEED_OF_SOUND_MPS, np.random.default_rng(1))
    if function is not None:
        sound.emission = Signal(function)  # type: ignore[assignment]
    return sound


def render_vehicle(sound: VehicleSound, path_y_m: float, seconds: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    steps = int(seconds * 22_500 / GRID.step_samples)
    high = np.zeros((8, steps * GRID.step_samples), dtype=np.float32)
    low = np.zeros((8, (steps + 2) * LOW_STEP_SAMPLES), dtype=np.float32)
    sound.render(0, steps, [PropagationPath(path_y_m, np.ones(steps + 3))], (high, low))
    return high, low


def noise(times: np.ndarray) -> np.ndarray:
    generator = np.random.default_rng(8)
    rates = generator.uniform(600, 4000, size=150)
    phases = generator.uniform(0, 2 * np.pi, size=150)
    return np.asarray(sum(np.sin(2 * np.pi * rate * times + phase) for rate, phase in zip(rates, phases, strict=True)))


def test_six_decibels_per_doubling() -> None:
    levels = []
    for distance in (8.0, 16.0, 32.0):
        _, low = render_vehicle(
            make_vehicle_sound(0.0, distance, 0.0, function=lambda t: np.sin(2 * np.pi * 100 * t)), distance, 0.4
        )
        levels.append(20 * np.log10(low.std(axis=1).mean()))
    assert np.diff(levels) == pytest.approx([-6.02, -6.02], abs=0.1)


@pytest.mark.parametrize('place', [(12.0, 5.0), (-3.0, -8.0), (20.0, 0.5)])
def test_time_differences_follow_the_geometry(place: tuple[float, float]) -> None:
    high, _ = render_vehicle(make_vehicle_sound(*place, 0.0, function=noise), place[1], 0.5)
    spectra = np.fft.rfft(high * np.hanning(high.shape[1]), axis=1)
    frequencies = np.fft.rfftfreq(high.shape[1], 1 / 22_500)
    inside = (frequencies > 600) & (frequencies < 4000)
    distances = np.linalg.norm(np.array([*place, 0.0]) - 0.5 * FACINGS, axis=1)
    for mic in range(1, 8):
        delay = (distances[mic] - distances[0]) / SPEED_OF_SOUND_MPS
        cross = spectra[mic, inside] * spectra[0, inside].conj() * np.exp(2j * np.pi * frequencies[inside] * delay)
        slope = np.sum(np.abs(cross) * frequencies[inside] * np.angle(cross))
        slope /= np.sum(np.abs(cross) * frequencies[inside] ** 2)
        assert abs(slope / (2 * np.pi)) < 2e-6


@pytest.mark.parametrize(('speed', 'receiver_speed'), [(-14.0, 0.0), (14.0, 0.0), (-12.0, 12.0), (0.0, 15.0)])
def test_doppler_shift(speed: float, receiver_speed: float) -> None:
    emitted_hz = 1000.0
    sound = make_vehicle_sound(80.0, 0.01, speed, receiver_speed, function=lambda t: np.sin(2 * np.pi * emitted_hz * t))
    high, _ = render_vehicle(sound, 0.01)
    crossings = np.flatnonzero((high[0, :-1] < 0) & (high[0, 1:] >= 0))
    places = crossings - high[0, crossings] / (high[0, crossings + 1] - high[0, crossings])
    measured_hz = (len(places) - 1) / (places[-1] - places[0]) * 22_500
    expected = emitted_hz * (1 + receiver_speed / SPEED_OF_SOUND_MPS) / (1 + speed / SPEED_OF_SOUND_MPS)
    assert measured_hz == pytest.approx(expected, rel=2e-4)


def test_high_band_is_louder_in_front_and_low_band_is_not() -> None:
    high, low = render_vehicle(make_vehicle_sound(15.0, 0.0, 0.0, function=noise), 0.0, 0.4)
    expected = (1.0 / 14.5) / (0.2 / 15.5)
    assert high[0].std() / high[4].std() == pytest.approx(expected, rel=0.05)
    assert low[0].std() / low[4].std() == pytest.approx(15.5 / 14.5, rel=0.05)


def test_the_facade_image_arrives_later_by_its_longer_path() -> None:
    wall = Wall(8.0, -50.0, 50.0, 1.0, 1.0)
    click = lambda t: np.exp(-(((t - 0.1) / 2e-4) ** 2))  # noqa: E731
    direct, _ = render_vehicle(make_vehicle_sound(10.0, -2.0, 0.0, function=click), -2.0, 0.4)
    image_y = wall.mirror_y_m(-2.0)
    assert image_y == 18.0
    echo, _ = render_vehicle(make_vehicle_sound(10.0, -2.0, 0.0, function=click), image_y, 0.4)
    for mic in range(8):
        here = 0.5 * FACINGS[mic]
        longer = np.hypot(10 - here[0], 18 - here[1]) - np.hypot(10 - here[0], -2 - here[1])
        lag = (np.argmax(echo[mic]) - np.argmax(direct[mic])) / 22_500
        assert lag == pytest.approx(longer / SPEED_OF_SOUND_MPS, abs=1.0 / 22_500)


def test_facade_gate_opens_at_the_specular_point() -> None:
    wall = Wall(8.0, 10.0, 30.0, 1.0, 1.0)
    sound = make_vehicle_sound(0.0, -2.0, 20.0)
    times = np.linspace(0, 4, 400)
    gate = sound.specular_gate(wall, times)
    # Source 10 m and microphones 8 m from the wall: the reflection is at 4/9 of the distance ahead.
    delays = propagation.retarded_delay_s(
        20 * times, 18.0**2 + (sound.emission.height_m - HEIGHT_M) ** 2, 20.0, SPEED_OF_SOUND_MPS
    )
    specular = 20 * (times - delays) * 8 / 18
    assert gate[(specular > 10.5) & (specular < 29.5)] == pytest.approx(1.0)
    assert gate[(specular < 9.5) | (specular > 30.5)] == pytest.approx(0.0)
    opening = specular[np.argmax(gate > 0.5)]
    assert opening == pytest.approx(10.0, abs=0.15)
