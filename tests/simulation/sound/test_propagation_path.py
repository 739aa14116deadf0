# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from audio_manifold_ros.common.units import SPEED_OF_SOUND_MPS
from audio_manifold_ros.simulation.motion_table import MotionTable
from audio_manifold_ros.simulation.sound import propagation_path
from audio_manifold_ros.simulation.sound.arrival import IDENTITY, SampledMotion
from audio_manifold_ros.simulation.sound.doppler_delay import EDGE_STEPS
from audio_manifold_ros.simulation.sound.propagation import GROUND_REFLECTION
from audio_manifold_ros.simulation.sound.propagation_path import PropagationPath, SourceSound, add_path
from audio_manifold_ros.simulation.sound.receivers import Receivers
from audio_manifold_ros.simulation.sound.reflection.building_walls import Wall, reflection
from audio_manifold_ros.simulation.sound.route import ImageRoute
from audio_manifold_ros.simulation.sound.sample_grid import LOW_STEP_SAMPLES, OVERSAMPLING, SampleGrid
from audio_manifold_ros.simulation.trajectory import StraightTrajectory

GRID = SampleGrid(22_500)
ANGLES = np.arange(8) * np.pi / 4
FACINGS = np.stack([np.cos(ANGLES), np.sin(ANGLES), np.zeros(8)], axis=1)
HEIGHT_M = 1.7


class Signal:
    """Emission of a given function of time, equal in all bands: only geometry has an effect."""

    def __init__(self, function: Callable[[np.ndarray], np.ndarray], height_m: float = HEIGHT_M) -> None:
        self.height_m, self._function = height_m, function

    def powers(self, first: int, last: int) -> np.ndarray:
        return np.ones((2, last - first))

    def high(self, first: int, last: int) -> np.ndarray:
        middle = self._at(first, last, 22_500 * OVERSAMPLING)
        return np.stack([middle, 0 * middle])

    def low(self, first: int, last: int) -> np.ndarray:
        return self._at(first, last, GRID.low_rate_hz * OVERSAMPLING)

    def _at(self, first: int, last: int, rate_hz: float) -> np.ndarray:
        step_s = GRID.step_samples / 22_500
        n = round((last - first) * step_s * rate_hz)
        return np.asarray(self._function(first * step_s + np.arange(n) / rate_hz), dtype=np.float32)


@dataclass(frozen=True)
class Scene:
    """A source and an octagon of microphones, on straight lines."""

    source: StraightTrajectory
    emission: Signal
    speed_mps: float = 0.0

    def render(self, seconds: float = 1.0, image: np.ndarray = IDENTITY) -> tuple[np.ndarray, np.ndarray]:
        steps = int(seconds * 22_500 / GRID.step_samples)
        times = GRID.times_s(-EDGE_STEPS, steps + EDGE_STEPS)
        base = StraightTrajectory((0.0, 0.0, 0.0), (self.speed_mps, 0.0, 0.0))
        array = Receivers(base, lambda t: np.zeros(len(t)), np.array([0.0, 0.0, HEIGHT_M]), 0.5 * FACINGS, FACINGS)
        high = np.zeros((8, steps * GRID.step_samples), dtype=np.float32)
        low = np.zeros((8, (steps + 2) * LOW_STEP_SAMPLES), dtype=np.float32)
        sound = SourceSound(self.emission, self.source, GRID, SPEED_OF_SOUND_MPS)
        (motion,) = SampledMotion.of_many(MotionTable([self.source]), [0], times[0] - 0.6, times[-1])
        sound.render(
            [PropagationPath(np.ones((3, len(times))), ImageRoute(image))], motion, array.at(times), (high, low)
        )
        return high, low


@pytest.fixture
def without_ground(monkeypatch: pytest.MonkeyPatch) -> None:
    """Move the ground far down, where its reflection comes seconds later as silence."""
    monkeypatch.setattr(propagation_path, 'add_path', _direct_only)


def _direct_only(emitted: np.ndarray, distance: np.ndarray, *rest: object) -> None:
    far = distance.copy()
    far[9:] = 1e12
    add_path(emitted, far, *rest)


def make_scene(
    place: tuple[float, float],
    function: Callable[[np.ndarray], np.ndarray],
    speed_mps: float = 0.0,
    receiver_speed_mps: float = 0.0,
) -> Scene:
    return Scene(StraightTrajectory((*place, 0.0), (speed_mps, 0.0, 0.0)), Signal(function), receiver_speed_mps)


def noise(times: np.ndarray) -> np.ndarray:
    generator = np.random.default_rng(8)
    rates = generator.uniform(600, 4000, size=150)
    phases = generator.uniform(0, 2 * np.pi, size=150)
    return np.asarray(sum(np.sin(2 * np.pi * rate * times + phase) for rate, phase in zip(rates, phases, strict=True)))


@pytest.mark.usefixtures('without_ground')
def test_six_decibels_per_doubling() -> None:
    levels = []
    for distance in (8.0, 16.0, 32.0):
        _, low = make_scene((0.0, distance), lambda t: np.sin(2 * np.pi * 100 * t)).render(0.4)
        levels.append(20 * np.log10(low.std(axis=1).mean()))
    assert np.diff(levels) == pytest.approx([-6.02, -6.02], abs=0.1)


@pytest.mark.usefixtures('without_ground')
@pytest.mark.parametrize('place', [(12.0, 5.0), (-3.0, -8.0), (20.0, 0.5)])
def test_time_differences_follow_the_geometry(place: tuple[float, float]) -> None:
    high, _ = make_scene(place, noise).render(0.5)
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


@pytest.mark.usefixtures('without_ground')
@pytest.mark.parametrize(('speed', 'receiver_speed'), [(-14.0, 0.0), (14.0, 0.0), (-12.0, 12.0), (0.0, 15.0)])
def test_doppler_shift(speed: float, receiver_speed: float) -> None:
    emitted_hz = 1000.0
    scene = make_scene((80.0, 0.01), lambda t: np.sin(2 * np.pi * emitted_hz * t), speed, receiver_speed)
    high, _ = scene.render()
    crossings = np.flatnonzero((high[0, :-1] < 0) & (high[0, 1:] >= 0))
    places = crossings - high[0, crossings] / (high[0, crossings + 1] - high[0, crossings])
    measured_hz = (len(places) - 1) / (places[-1] - places[0]) * 22_500
    expected = emitted_hz * (1 + receiver_speed / SPEED_OF_SOUND_MPS) / (1 + speed / SPEED_OF_SOUND_MPS)
    assert measured_hz == pytest.approx(expected, rel=2e-4)


@pytest.mark.usefixtures('without_ground')
def test_high_band_is_louder_in_front_and_low_band_is_not() -> None:
    high, low = make_scene((15.0, 0.0), noise).render(0.4)
    expected = (1.0 / 14.5) / (0.2 / 15.5)
    assert high[0].std() / high[4].std() == pytest.approx(expected, rel=0.05)
    assert low[0].std() / low[4].std() == pytest.approx(15.5 / 14.5, rel=0.05)


@pytest.mark.usefixtures('without_ground')
def test_the_facade_image_arrives_later_by_its_longer_path() -> None:
    wall = Wall((50.0, 8.0), (-50.0, 8.0), 1.0, 1.0)
    scene = make_scene((10.0, -2.0), lambda t: np.exp(-(((t - 0.1) / 2e-4) ** 2)))
    direct, _ = scene.render(0.4)
    echo, _ = scene.render(0.4, reflection(wall))
    for mic in range(8):
        here = 0.5 * FACINGS[mic]
        longer = np.hypot(10 - here[0], 18 - here[1]) - np.hypot(10 - here[0], -2 - here[1])
        lag = (np.argmax(echo[mic]) - np.argmax(direct[mic])) / 22_500
        assert lag == pytest.approx(longer / SPEED_OF_SOUND_MPS, abs=1.0 / 22_500)


@pytest.mark.parametrize('wall', [None, Wall((50.0, 6.0), (-50.0, 6.0), 1.0, 1.0)])
def test_the_ground_comb_of_each_path_and_microphone_follows_its_geometry(wall: Wall | None) -> None:
    """Each image has the detour of its own distance. The detour of the direct way would shift the notches."""
    height, place = 0.75, np.array([4.0, -1.5])
    tones_hz = np.arange(520, 2200, 40)

    def tones(times: np.ndarray) -> np.ndarray:
        return np.sum(np.sin(2 * np.pi * tones_hz[:, None] * times + tones_hz[:, None] ** 2), axis=0)

    scene = Scene(StraightTrajectory((*place, 0.0)), Signal(tones, height))
    image = IDENTITY if wall is None else reflection(wall)
    high = scene.render(1.1, image)[0][:, :22_500]
    emitted = np.fft.rfft(tones(np.arange(22_500) / 22_500))[tones_hz]
    at = image[:, :2] @ place + image[:, 2]
    for mic in (0, 2, 5):
        across = np.linalg.norm(at - 0.5 * FACINGS[mic, :2])
        direct, ground = np.hypot(across, HEIGHT_M - height), np.hypot(across, HEIGHT_M + height)
        received = np.fft.rfft(high[mic])[tones_hz]
        facings = [
            0.6 + 0.4 * float(FACINGS[mic, :2] @ (at - 0.5 * FACINGS[mic, :2])) / way for way in (direct, ground)
        ]
        delays = [way / SPEED_OF_SOUND_MPS for way in (direct, ground)]
        expected = facings[0] / direct * np.exp(-2j * np.pi * tones_hz * delays[0])
        expected += GROUND_REFLECTION * facings[1] / ground * np.exp(-2j * np.pi * tones_hz * delays[1])
        # Linear interpolation loses up to 2 % of the amplitude at 2 kHz.
        assert np.abs(received / emitted - expected).max() < 0.04 * np.abs(expected).max()
