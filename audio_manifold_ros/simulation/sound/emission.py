# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Emission of a vehicle: noise of tyres and engine, and tones of the engine, at any speed and acceleration."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np

from audio_manifold_ros.common.array_types import FloatArray, Samples
from audio_manifold_ros.simulation.compiled import compiled
from audio_manifold_ros.simulation.sound import spectra
from audio_manifold_ros.simulation.sound.coarse_grid import CoarseGrid, coarse_step_s
from audio_manifold_ros.simulation.sound.noise_pool import high_pool, low_pool
from audio_manifold_ros.simulation.sound.sample_grid import (
    LOW_STEP_SAMPLES,
    OVERSAMPLING,
    SampleGrid,
    powers,
    ramp,
)
from audio_manifold_ros.simulation.sound.tones import (
    EngineClock,
    engine_table,
    read_table,
    speed_and_acceleration,
    wander,
)
from audio_manifold_ros.simulation.vehicle import Vehicle, VehicleKind

ROLLING_HEIGHT_M = 0.05
PROPULSION_HEIGHT_M = {
    VehicleKind.CAR: 0.30,
    VehicleKind.VAN: 0.30,
    VehicleKind.TRUCK: 0.75,
    VehicleKind.BUS: 0.75,
    VehicleKind.MOTORCYCLE: 0.30,
}
TONAL_POWER_RATIO = 0.5
LOW_WIDTH = LOW_STEP_SAMPLES * OVERSAMPLING
# A chunk begins so long before a multiple of its length that one covers two seconds and all sound under way at zero.
LEVEL_POINTS, LEVEL_LEAD = 112, 24
# Mean loss in the bands above the split by linear interpolation, first of the delay, then for the microphones.
READING_LOSS_DB = np.array([0.01, 0.02, 0.07, 0.29, 1.1])


def mix_bands(noise: Samples, gains: FloatArray, width: int) -> Samples:
    """Return the sum of bands of noise (band, step · width), weighted by gains (band, step + 1) at control points."""
    out = np.empty(noise.shape[1], dtype=np.float32)
    write_bands(out, noise, gains, width)
    return out


def write_bands(out: Samples, noise: Samples, gains: FloatArray, width: int) -> None:
    """Write the sum of `mix_bands` to a signal (step · width,)."""
    if (gains == gains[:, :1]).all():
        np.matmul(gains[:, 0].astype(np.float32), noise, out=out)
    else:
        _mix_bands(out, noise, gains, powers(width, 1)[1])


def high_noise(grid: SampleGrid, first: int, rms: FloatArray, coarse: CoarseGrid) -> Samples:
    """Return noise from the split to 2.8 kHz and above it (2, n) for steps of emission, at the oversampled rate.

    Args:
        grid: Grid of control steps.
        first: First step in the pool of noise.
        rms: Levels (5, point) of the bands above the split at the coarse points.
        coarse: Coarse grid around the steps.

    """
    gains = coarse.refine(rms * 10 ** (READING_LOSS_DB[:, None] / 20))
    width = grid.step_samples * OVERSAMPLING
    noise = high_pool(grid).read(first * width, (gains.shape[1] - 1) * width)
    bands = np.empty((2, noise.shape[1]), dtype=np.float32)
    write_bands(bands[0], noise[:3], gains[:3], width)
    write_bands(bands[1], noise[3:], gains[3:], width)
    return bands


@compiled('void(f4[::1], Array(f4, 2, "A", readonly=True), f8[:, :], Array(f4, 1, "C", readonly=True))')
def _mix_bands(out: Samples, noise: Samples, gains: FloatArray, t: Samples) -> None:
    width, bands = len(t), noise.shape[0]
    for step in range(gains.shape[1] - 1):
        here = slice(step * width, (step + 1) * width)
        target = out[here]
        target[:] = np.float32(0)
        for first in range(0, bands, 2):
            # Two bands in one pass. A last single band is read twice, the second time without gain.
            second = min(first + 1, bands - 1)
            one, two = noise[first, here], noise[second, here]
            is_pair = np.float32(second > first)
            gain, other = np.float32(gains[first, step]), is_pair * np.float32(gains[second, step])
            growth = np.float32(gains[first, step + 1]) - gain
            change = is_pair * np.float32(gains[second, step + 1]) - other
            for i in range(width):
                target[i] += (gain + growth * t[i]) * one[i] + (other + change * t[i]) * two[i]


class LevelTrack:
    """Levels of a source at the coarse points, computed once for each `LEVEL_POINTS` of them."""

    def __init__(self, levels_at: Callable[[FloatArray], FloatArray], grid: SampleGrid) -> None:
        """Store the function of times (time,) that returns levels (level, time)."""
        self._levels_at, self._step_s = levels_at, coarse_step_s(grid)
        self._chunks: dict[int, FloatArray] = {}

    def at(self, first: int, last: int) -> FloatArray:
        """Return the levels (level, point) from the first coarse point to the last - 1."""
        chunks = range((first + LEVEL_LEAD) // LEVEL_POINTS, (last - 1 + LEVEL_LEAD) // LEVEL_POINTS + 1)
        for chunk in chunks:
            if chunk not in self._chunks:
                points = chunk * LEVEL_POINTS - LEVEL_LEAD + np.arange(LEVEL_POINTS, dtype=np.float64)
                self._chunks[chunk] = self._levels_at(points * self._step_s)
        begin = chunks[0] * LEVEL_POINTS - LEVEL_LEAD
        if len(chunks) == 1:
            return self._chunks[chunks[0]][:, first - begin : last - begin]
        joined = np.concatenate([self._chunks[chunk] for chunk in chunks], axis=1)
        return joined[:, first - begin : last - begin]

    def on(self, coarse: CoarseGrid) -> FloatArray:
        """Return the levels (level, point) at the points of a coarse grid."""
        return self.at(coarse.first, coarse.first + len(coarse.times_s))


class Emission(Protocol):
    """Signal of one source at 1 m in its own time. It is the same for all paths and microphones.

    Attributes:
        height_m: Height over the ground.

    """

    height_m: float

    def powers(self, first: int, last: int) -> FloatArray:
        """Return the mean squares above and below the split (2, point) at coarse points, from first to last - 1."""

    def high(self, first: int, last: int) -> Samples:
        """Return the bands above the split (2, n) for steps of emission, at the oversampled rate.

        Steps are counted from time zero and may be negative.
        """

    def low(self, first: int, last: int) -> Samples:
        """Return the signal (n,) below the split for steps of emission, at the oversampled low rate."""


class VehicleEmission:
    """Tyres and engine of one vehicle as one source. Its height is weighted by their powers above the split."""

    def __init__(
        self,
        grid: SampleGrid,
        vehicle: Vehicle,
        start_step: int,
        generator: np.random.Generator,
        *,
        is_wet: bool = False,
    ) -> None:
        """Choose phases. Nothing is computed yet.

        Args:
            grid: Grid of control steps.
            vehicle: The vehicle.
            start_step: Start in the pools of noise.
            generator: Source of random phases.
            is_wet: Water on the road.

        """
        self._grid, self._vehicle, self._start, self._is_wet = grid, vehicle, start_step, is_wet
        self._levels = LevelTrack(self._levels_at, grid)
        squares = self._levels_at(np.zeros(1))[:, 0] ** 2
        engine_ratio = float(squares[13:18].sum() / max(squares[4:9].sum() + squares[13:18].sum(), 1e-30))
        self.height_m = ROLLING_HEIGHT_M + engine_ratio * (PROPULSION_HEIGHT_M[vehicle.kind] - ROLLING_HEIGHT_M)
        self._table = engine_table(vehicle.engine_hz, 1.0, generator)
        self._clock = EngineClock(vehicle.engine_hz, vehicle.trajectory, wander(generator))

    def _levels_at(self, times_s: FloatArray) -> FloatArray:
        """Return levels (21, time).

        Rows are the rms of the tyres and of the engine in 9 bands each, the rms of the engine's tones, and the mean
        squares above and below the split.
        """
        vehicle = self._vehicle
        speed, acceleration = speed_and_acceleration(vehicle.trajectory, times_s)
        rolling = spectra.rolling_levels_db(vehicle.kind, speed, is_wet=self._is_wet)
        propulsion = spectra.propulsion_levels_db(vehicle.kind, speed, acceleration, electric=vehicle.electric)
        levels = np.empty((21, len(times_s)))
        for row, octaves_db in ((0, rolling), (9, propulsion)):
            low, high = spectra.band_amplitudes(octaves_db + vehicle.level_offset_db)
            levels[row : row + 4], levels[row + 4 : row + 9] = low.T, high.T
        squares = levels[:18] ** 2
        both = squares[:9] + squares[9:]
        levels[18] = np.sqrt(TONAL_POWER_RATIO * squares[9:13].sum(axis=0))
        levels[19], levels[20] = both[4:].sum(axis=0), both[:4].sum(axis=0)
        return levels

    def powers(self, first: int, last: int) -> FloatArray:
        """Return the mean squares above and below the split (2, point) at coarse points, from first to last - 1."""
        return self._levels.at(first, last)[19:]

    def high(self, first: int, last: int) -> Samples:
        """Return the two bands above the split (2, n) at the oversampled rate."""
        coarse = CoarseGrid.around(self._grid, first, last)
        levels = self._levels.on(coarse)
        return high_noise(self._grid, self._start + first, np.hypot(levels[4:9], levels[13:18]), coarse)

    def low(self, first: int, last: int) -> Samples:
        """Return the signal below the split (n,) at the oversampled low rate."""
        coarse = CoarseGrid.around(self._grid, first, last)
        levels = self._levels.on(coarse)
        gains = coarse.refine(np.hypot(levels[:4], levels[9:13] * np.sqrt(1 - TONAL_POWER_RATIO)))
        tonal = levels[18]
        noise = low_pool(self._grid).read((self._start + first) * LOW_WIDTH, (last - first) * LOW_WIDTH)
        signal = mix_bands(noise, gains, LOW_WIDTH)
        if tonal.any():
            cycles = self._clock.cycles(self._grid.times_s(first, last))
            signal += read_table(self._table, cycles, LOW_WIDTH) * ramp(coarse.refine(tonal), LOW_WIDTH)
        return signal
