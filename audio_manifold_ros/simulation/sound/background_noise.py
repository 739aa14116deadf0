# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Background noise: town, reverberant tail of the street, wind and leaves."""

from __future__ import annotations

import numpy as np

from audio_manifold_ros.common.array_types import FloatArray, Samples
from audio_manifold_ros.simulation.scene import Tree, Weather
from audio_manifold_ros.simulation.sound import diffuse_noise, directivity, propagation, spectra
from audio_manifold_ros.simulation.sound.coarse_grid import CoarseGrid
from audio_manifold_ros.simulation.sound.doppler_delay import EDGE_STEPS, fan_out
from audio_manifold_ros.simulation.sound.noise_pool import leaf_pool
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
WIND_AT_5_MPS_DB = 50.0
CALM_MPS = 1.0
FLOWS_MPS = (3.0, 6.0, 10.0, 16.0)
SECTORS = 8
LEAVES_AT_5_MPS_DB = 62.0
RUSTLE_FROM_MPS = 1.5
LEAF_FADE_M = (12.0, 18.0)


class Gusts:
    """Slow random variation around 1, a function of time alone."""

    def __init__(self, generator: np.random.Generator, depth: float) -> None:
        """Draw six waves. `depth` is the standard deviation of the logarithm of the factor."""
        self._rates_hz = generator.uniform(0.1, 1.5, size=6)
        self._phases = generator.uniform(0, 2 * np.pi, size=6)
        self._depth = depth / np.sqrt(6)

    def at(self, times_s: FloatArray) -> FloatArray:
        """Return the factor (time,)."""
        waves = np.sin(2 * np.pi * times_s[:, None] * self._rates_hz + self._phases)
        return np.asarray(np.exp(self._depth * waves.sum(axis=1)))


class Background:
    """Town, reverberant tail and wind at all microphones."""

    def __init__(
        self,
        weather: Weather,
        array: tuple[FloatArray, FloatArray],
        traffic: Traffic,
        flow_mps: FloatArray,
        grid: SampleGrid,
        generator: np.random.Generator,
    ) -> None:
        """Choose the start in each noise pool. `array` is positions and facings in the axes of the car."""
        self._grid, self._weather, self._traffic = grid, weather, traffic
        self._positions, self._facings = (diffuse_noise.geometry_key(part) for part in array)
        self._starts = generator.integers(0, 10**6, size=4)
        self._gusts = Gusts(generator, 0.5)
        speed = float(np.linalg.norm(flow_mps))
        self._wind = float(spectra.full_scale(WIND_AT_5_MPS_DB + 40 * np.log10(max(speed, 0.1) / 5)))
        azimuth = np.round(np.arctan2(flow_mps[1], flow_mps[0]) / (2 * np.pi) * SECTORS) / SECTORS * 2 * np.pi
        nearest = min(FLOWS_MPS, key=lambda value: abs(value - speed))
        self._flow = (round(float(nearest * np.cos(azimuth)), 3), round(float(nearest * np.sin(azimuth)), 3))
        self._windy = speed > CALM_MPS

    def render(self, first: int, last: int, high: Samples, low: Samples) -> None:
        """Add steps first to last to `high` (mic, sample), and one more step on either side to `low`."""
        times = self._grid.times_s(first - 1, last + 1)
        town = spectra.full_scale(self._weather.background_db + np.array(TOWN_DB))
        high_tail, low_tail = self._tail(first - 1, last + 1)
        tails = (low_tail, high_tail, high_tail)
        for band, start in enumerate(self._starts[:3]):
            level = np.sqrt(town[band] ** 2 + tails[band] * 10 ** (TAIL_DB[band] / 10))
            out, points, step = (low, level, first - 1) if band == 0 else (high, level[1:-1], first)
            width = out.shape[1] // (len(points) - 1)
            pool = diffuse_noise.diffuse_pool(self._grid, self._positions, self._facings, *BANDS_HZ[band])
            out += pool.read(int(start) + step * width, out.shape[1]) * ramp(points, width)
        if self._windy:
            width = low.shape[1] // (len(times) - 1)
            pool = diffuse_noise.wind_pool(self._grid, self._positions, self._flow)
            noise = pool.read(int(self._starts[3]) + (first - 1) * width, low.shape[1])
            low += noise * ramp(self._wind * self._gusts.at(times), width)

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
        facing = directivity.directivity(
            np.sum(towards[1:] * receivers.facings, axis=2) / distance[1:], directivity.HIGH_OMNI
        )
        gains = facing * (fade * self._gusts.at(times) * self._level / np.maximum(distance[0], 1.0))
        # Every leaf is a separate source. Rustle has no pitch, so its Doppler shift is not computed.
        shifts = (distance[0] - distance[1:]) / sound_mps * (2 * grid.sample_rate_hz)
        start = self._start + (first - edge) * 2 * grid.step_samples
        rustle = leaf_pool(grid, needles=self._needles).read(start, (last - first + 2 * edge) * 2 * grid.step_samples)
        inner = slice(edge, -edge)
        fan_out(high, rustle[0], shifts[:, inner], gains[:, inner], grid.step_samples)
