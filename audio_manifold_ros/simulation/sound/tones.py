# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tones of engines and other sources: their phase over time, and tables of one period."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from audio_manifold_ros.common.array_types import FloatArray, Samples
from audio_manifold_ros.simulation.compiled import compiled
from audio_manifold_ros.simulation.sound import spectra
from audio_manifold_ros.simulation.sound.sample_grid import (
    ramp,
)
from audio_manifold_ros.simulation.trajectory import Trajectory

HARMONIC_SLOPE_DB_PER_OCTAVE = 7.0
TABLE_SIZE = 1024
CRUISE_MPS = 8.0
CLOCK_START_S = -5.0
CLOCK_STEP_S = 0.01
CLOCK_BLOCK = 1000


def engine_table(engine_hz: float, power: float, generator: np.random.Generator) -> Samples:
    """Return one period (TABLE_SIZE + 1,) of the engine tone: harmonics up to the split with the given total power."""
    count = max(1, int(spectra.LOW_EDGES_HZ[-1] / engine_hz))
    order = np.arange(1, count + 1)
    levels_db = -HARMONIC_SLOPE_DB_PER_OCTAVE * np.log2(order) + generator.uniform(-3, 3, count)
    amplitudes = 10 ** (levels_db / 20)
    amplitudes *= np.sqrt(2 * power / np.sum(amplitudes**2))
    spectrum = np.zeros(TABLE_SIZE // 2 + 1, dtype=np.complex128)
    spectrum[order] = -0.5j * TABLE_SIZE * amplitudes * np.exp(2j * np.pi * generator.random(count))
    period = np.fft.irfft(spectrum, TABLE_SIZE)
    return np.asarray(np.append(period, period[0]), dtype=np.float32)


def wander(generator: np.random.Generator) -> FloatArray:
    """Sample frequencies in hertz and phases (component, 2) of the slow frequency modulation of an engine."""
    return generator.uniform([0.05, 0.0], [0.15, 2 * np.pi], size=(3, 2))


def read_table(table: Samples, cycles: FloatArray, width: int) -> Samples:
    """Read one period of a tone along cycles at control points (step + 1,), as float32 (step · width,)."""
    table_position = ramp(cycles, width, np.floor(cycles[:-1]))
    table_position -= np.floor(table_position)
    table_position *= len(table) - 1
    return np.asarray(np.take(table, table_position.astype(np.intp), mode='clip'))


class PhaseClock:
    """Phase in cycles of a process whose rate changes with time."""

    def __init__(self, rate_hz: Callable[[FloatArray], FloatArray]) -> None:
        """Store the function of times (time,) that returns rates (time,)."""
        self._rate_hz = rate_hz
        self._cycles = np.zeros(1)

    def cycles(self, times_s: FloatArray) -> FloatArray:
        """Return the phase at these times (time,), from `CLOCK_START_S` on."""
        places = (times_s - CLOCK_START_S) / CLOCK_STEP_S
        while places[-1] >= len(self._cycles) - 1:
            first = len(self._cycles) - 1
            times = CLOCK_START_S + (np.arange(first, first + CLOCK_BLOCK, dtype=np.float64) + 0.5) * CLOCK_STEP_S
            rates = self._rate_hz(times) * CLOCK_STEP_S
            self._cycles = np.concatenate([self._cycles, self._cycles[-1] + np.cumsum(rates)])
        index = places.astype(int)
        return np.asarray(self._cycles[index] + (places - index) * (self._cycles[index + 1] - self._cycles[index]))


class EngineClock:
    """Phase of the firing of an engine whose speed follows the vehicle and varies slowly, by at most 1 %.

    At standstill the engine idles at half of its nominal firing frequency, which it reaches at `CRUISE_MPS`. An
    accelerating driver shifts later: the frequency is higher by 12 % per m/s².
    """

    def __init__(self, engine_hz: float, trajectory: Trajectory, drift: FloatArray) -> None:
        """Store the nominal firing frequency and the components (component, 2) of `wander`."""
        self._engine_hz, self._trajectory, self._drift = engine_hz, trajectory, drift
        self._clock = PhaseClock(self._rate_hz)

    def cycles(self, times_s: FloatArray) -> FloatArray:
        """Return the phase in cycles at these times (time,)."""
        cycles = self._clock.cycles(times_s)
        for rate, phase in self._drift:
            cycles = cycles + 0.003 * self._engine_hz / (2 * np.pi * rate) * np.sin(2 * np.pi * rate * times_s + phase)
        return np.asarray(cycles)

    def _rate_hz(self, times_s: FloatArray) -> FloatArray:
        speed, acceleration = speed_and_acceleration(self._trajectory, times_s)
        factor = 0.5 + 0.5 * np.clip(speed / CRUISE_MPS, 0, 1) + 0.12 * np.clip(acceleration, 0, 2)
        return np.asarray(self._engine_hz * factor)


def speed_and_acceleration(trajectory: Trajectory, times_s: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return speed and acceleration along the direction of motion, both (time,)."""
    both = np.empty((2, len(times_s)))
    _along_motion(
        np.ascontiguousarray(trajectory.velocity(times_s), dtype=np.float64),
        np.ascontiguousarray(trajectory.acceleration(times_s), dtype=np.float64), both,
    )  # fmt: skip
    return both[0], both[1]


@compiled('void(f8[:, ::1], f8[:, ::1], f8[:, ::1])')
def _along_motion(velocity: FloatArray, acceleration: FloatArray, both: FloatArray) -> None:
    for time in range(len(velocity)):
        x, y, z = velocity[time]
        along_x, along_y, along_z = acceleration[time]
        speed = math.sqrt(x**2 + y**2 + z**2)
        both[0, time] = speed
        both[1, time] = (x * along_x + y * along_y + z * along_z) / max(speed, 0.1)
