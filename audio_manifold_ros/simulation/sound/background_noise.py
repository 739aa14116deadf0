# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Background noise: town, reverberant tail of the street, wind and leaves."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from audio_manifold_ros.common.array_types import FloatArray, Samples
from audio_manifold_ros.simulation.scene import Tree, Weather
from audio_manifold_ros.simulation.sound import diffuse_noise, propagation, spectra
from audio_manifold_ros.simulation.sound.coarse_grid import CoarseGrid
from audio_manifold_ros.simulation.sound.doppler_delay import EDGE_STEPS, fan_out
from audio_manifold_ros.simulation.sound.microphones import HIGH_OMNI, directivity
from audio_manifold_ros.simulation.sound.noise_pool import gust_pool, leaf_pool
from audio_manifold_ros.simulation.sound.receivers import ReceiverMotion
from audio_manifold_ros.simulation.sound.sample_grid import SPLIT_HZ, SampleGrid, ramp
from audio_manifold_ros.simulation.sound.vehicle_culling import Traffic

BANDS_HZ = (
    (diffuse_noise.MIN_FREQUENCY_HZ, SPLIT_HZ),
    (SPLIT_HZ, diffuse_noise.MIDDLE_HZ),
    (diffuse_noise.MIDDLE_HZ, 12_000.0),
)
TOWN_DB = (-1.0, -8.0, -14.0)
TAIL_DB = (0.0, -0.5, -10.0)
TAIL_DISTANCE_M = 10.0
# Diameter of the windscreen of a capsule, small and large balls of foam, sampled per street. The level of bare capsules
# would saturate them at 50 km/h.
WINDSCREEN_M = (0.05, 0.12)
# Speed of the air at the capsules, in the boundary layer and the wake of the roof, relative to the free flow. It is
# sampled per street. The range is an assumption.
FLOW_SHARE = (0.4, 0.8)
# Spread of the exposure of capsules.
EXPOSURE_DB = 2.0
AIR_KG_M3 = 1.2
CALM_MPS = 1.0
FLOWS_MPS = (3.0, 6.0, 10.0, 16.0)
SECTORS = 8
LEAVES_AT_5_MPS_DB = 62.0
RUSTLE_FROM_MPS = 1.5
LEAF_FADE_M = (12.0, 18.0)


class Gusts:
    """Slow random variation around 1, a function of time alone."""

    def __init__(self, generator: np.random.Generator, depth: float) -> None:
        """Sample six waves. `depth` is the standard deviation of the logarithm of the factor."""
        self._rates_hz = generator.uniform(0.1, 1.5, size=6)
        self._phases = generator.uniform(0, 2 * np.pi, size=6)
        self._depth = depth / np.sqrt(6)

    def at(self, times_s: FloatArray) -> FloatArray:
        """Return the factor (time,)."""
        waves = np.sin(2 * np.pi * times_s[:, None] * self._rates_hz + self._phases)
        return np.asarray(np.exp(self._depth * waves.sum(axis=1)))


def wind_rms(speed_mps: FloatArray, windscreen_m: float, low_hz: float, high_hz: float) -> FloatArray:
    """Return the rms (…,) of the turbulent pressure in a band at a capsule in air that moves at these speeds (…,).

    The level of a third octave is −61 − 23 lg(f D / V) dB re ρ V² for a windscreen of diameter D (Strasberg 1988,
    J. Acoust. Soc. Am. 83, 544). A foam ball of 9 cm has 88 dB from 40 Hz on at 10 m/s.
    """
    speed = np.maximum(speed_mps, 0.1)
    slope = diffuse_noise.WIND_SLOPE
    at_one_hz = (AIR_KG_M3 * speed**2) ** 2 * 10**-6.1 * (windscreen_m / speed) ** -slope
    square = at_one_hz / (2 ** (1 / 6) - 2 ** (-1 / 6)) * (low_hz**-slope - high_hz**-slope) / slope
    return np.asarray(np.sqrt(square) / spectra.FULL_SCALE_PA)


class Background:
    """Town, reverberant tail and wind at all microphones."""

    def __init__(
        self,
        weather: Weather,
        array: tuple[FloatArray, FloatArray],
        traffic: Traffic,
        flow: Callable[[FloatArray], FloatArray],
        grid: SampleGrid,
        generator: np.random.Generator,
    ) -> None:
        """Choose the start in each noise pool.

        Args:
            weather: Air and noise of the town.
            array: Positions and facings in the axes of the car.
            traffic: Sources of the reverberant tail.
            flow: Function of times (time,) that returns the velocity of the air (time, 2) in the axes of the car.
            grid: Grid of control steps.
            generator: Source of all random values.

        """
        self._grid, self._weather, self._traffic = grid, weather, traffic
        self._positions, self._facings = (diffuse_noise.geometry_key(part) for part in array)
        self._starts = generator.integers(0, 10**6, size=4)
        self._gusts = Gusts(generator, 0.5)
        self._flow, self._flow_share = flow, float(generator.uniform(*FLOW_SHARE))
        mean_flow = flow(np.zeros(1))[0]
        speed = self._flow_share * float(np.linalg.norm(mean_flow))
        low_m, high_m = WINDSCREEN_M
        self._windscreen_m = float(low_m * (high_m / low_m) ** generator.random())
        mics = len(array[0])
        self._exposure = 10 ** (generator.uniform(-EXPOSURE_DB, EXPOSURE_DB, size=(mics, 1)) / 20)
        self._gust_starts = generator.integers(0, 10**7, size=mics)
        azimuth = np.round(np.arctan2(mean_flow[1], mean_flow[0]) / (2 * np.pi) * SECTORS) / SECTORS * 2 * np.pi
        nearest = min(FLOWS_MPS, key=lambda value: abs(value - speed))
        self._sector = (round(float(nearest * np.cos(azimuth)), 3), round(float(nearest * np.sin(azimuth)), 3))

    def render(self, first: int, last: int, high: Samples, low: Samples) -> None:
        """Add steps first to last to `high` (mic, sample), and one more step on either side to `low`."""
        town = spectra.full_scale(self._weather.background_db + np.array(TOWN_DB))
        high_tail, low_tail = self._tail(first - 1, last + 1)
        tails = (low_tail, high_tail, high_tail)
        for band, start in enumerate(self._starts[:3]):
            level = np.sqrt(town[band] ** 2 + tails[band] * 10 ** (TAIL_DB[band] / 10))
            out, points, step = (low, level, first - 1) if band == 0 else (high, level[1:-1], first)
            width = out.shape[1] // (len(points) - 1)
            pool = diffuse_noise.diffuse_pool(self._grid, self._positions, self._facings, *BANDS_HZ[band])
            out += pool.read(int(start) + step * width, out.shape[1]) * ramp(points, width)
        self._add_wind(first, last, high, low)

    def _add_wind(self, first: int, last: int, high: Samples, low: Samples) -> None:
        coarse = CoarseGrid.around(self._grid, first - 1, last + 1)
        speed = self._flow_share * np.linalg.norm(self._flow(coarse.times_s), axis=1)
        if speed.max() < CALM_MPS:
            return
        gusts = self._gusts.at(coarse.times_s)
        levels = [
            coarse.refine(gusts * wind_rms(speed, self._windscreen_m, *band)) * self._exposure
            for band in ((diffuse_noise.MIN_FREQUENCY_HZ, SPLIT_HZ), (SPLIT_HZ, self._grid.sample_rate_hz / 2))
        ]
        width = low.shape[1] // (len(coarse.positions) - 1)
        pool = diffuse_noise.wind_pool(self._grid, self._positions, self._sector)
        noise = pool.read(int(self._starts[3]) + (first - 1) * width, low.shape[1])
        low += noise * ramp(levels[0], width)
        # Above the split the eddies are smaller than the distance between two capsules.
        width, gusty = self._grid.step_samples, gust_pool(self._grid)
        ramps = ramp(levels[1][:, 1:-1], width)
        for mic, start in enumerate(self._gust_starts.tolist()):
            high[mic] += gusty.read(start + first * width, high.shape[1])[0] * ramps[mic]

    def _tail(self, first: int, last: int) -> tuple[FloatArray, FloatArray]:
        """Return the power (step + 1,) above and below the split of the sources' reverberation, with a short delay."""
        delay = round(self._weather.tail_s / 4 * self._grid.sample_rate_hz / self._grid.step_samples)
        coarse = CoarseGrid.around(self._grid, first - delay, last - delay)
        high, low = coarse.refine(self._traffic.tail_powers(coarse, TAIL_DISTANCE_M))
        gain = 10 ** (self._weather.tail_db / 10)
        return high * gain, low * gain


class Leaves:
    """Rustle of the crown of one tree.

    Attributes:
        position_m: Middle of the crown (3,).

    """

    def __init__(self, tree: Tree, wind_mps: float, grid: SampleGrid, generator: np.random.Generator) -> None:
        """Choose the random values. Nothing is computed yet."""
        height = tree.trunk_height_m + tree.crown_height_m / 2
        self.position_m = np.array([tree.x_m, tree.y_m, height])
        self._level = float(spectra.full_scale(LEAVES_AT_5_MPS_DB + 40 * np.log10(wind_mps / 5)))
        self._needles, self._grid = tree.needles, grid
        self._start = int(generator.integers(0, 10**6))
        self._gusts = Gusts(generator, 0.6)

    def render(self, first: int, last: int, high: Samples, receivers: ReceiverMotion, sound_mps: float) -> None:
        """Add steps first to last to `high` (mic, sample).

        Args:
            first: First control step.
            last: Last control step + 1.
            high: Sound above the split, added to in place.
            receivers: Microphones at the control points of `EDGE_STEPS` more steps on either side.
            sound_mps: Speed of sound.

        """
        grid, edge = self._grid, EDGE_STEPS
        times = receivers.times_s
        towards = self.position_m - receivers.positions_m
        distance = np.linalg.norm(towards, axis=2)
        fade = propagation.fade_out(distance[0], *LEAF_FADE_M)
        if not fade.any():
            return
        facing = directivity(np.sum(towards[1:] * receivers.facings, axis=2) / distance[1:], HIGH_OMNI)
        gains = facing * (fade * self._gusts.at(times) * self._level / np.maximum(distance[0], 1.0))
        # Every leaf is a separate source. Rustle has no pitch, so its Doppler shift is not computed.
        shifts = (distance[0] - distance[1:]) / sound_mps * (2 * grid.sample_rate_hz)
        start = self._start + (first - edge) * 2 * grid.step_samples
        rustle = leaf_pool(grid, needles=self._needles).read(start, (last - first + 2 * edge) * 2 * grid.step_samples)
        inner = slice(edge, -edge)
        fan_out(high, rustle[0], shifts[:, inner], gains[:, inner], grid.step_samples)
