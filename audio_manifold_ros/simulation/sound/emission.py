# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Emission of a vehicle: noise of tyres and engine, tones of the engine, and their ground reflection."""

from __future__ import annotations

import numpy as np

from audio_manifold_ros.common.array_types import FloatArray, Samples
from audio_manifold_ros.simulation.scene import Vehicle, VehicleKind
from audio_manifold_ros.simulation.sound import spectra
from audio_manifold_ros.simulation.sound.doppler_delay import add_late
from audio_manifold_ros.simulation.sound.noise_pool import high_pool, low_pool
from audio_manifold_ros.simulation.sound.propagation import GROUND_REFLECTION
from audio_manifold_ros.simulation.sound.sample_grid import LOW_STEP_SAMPLES, OVERSAMPLING, SampleGrid, ramp

ROLLING_HEIGHT_M = 0.05
PROPULSION_HEIGHT_M = {
    VehicleKind.CAR: 0.30,
    VehicleKind.VAN: 0.30,
    VehicleKind.TRUCK: 0.75,
    VehicleKind.BUS: 0.75,
    VehicleKind.MOTORCYCLE: 0.30,
}
TONAL_POWER_RATIO = 0.5
HARMONIC_SLOPE_DB_PER_OCTAVE = 7.0
TABLE_SIZE = 1024
# Mean loss in the bands above the split by linear interpolation, first of the delay, then for the microphones.
READING_LOSS_DB = np.array([0.01, 0.02, 0.07, 0.29, 1.1])


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
    """Draw frequencies in hertz and phases (component, 2) of the slow frequency modulation of an engine."""
    return generator.uniform([0.05, 0.0], [0.15, 2 * np.pi], size=(3, 2))


def tone(table: Samples, engine_hz: float, drift: FloatArray, times_s: FloatArray, width: int) -> Samples:
    """Read the table of an engine whose speed varies slowly, by at most 1 %.

    Args:
        table: Result of `engine_table`.
        engine_hz: Firing frequency.
        drift: Frequency in hertz and phase of each component (component, 2).
        times_s: Control points (step + 1,).
        width: Samples per step.

    Returns:
        float32 (step · width,).

    """
    cycles = engine_hz * times_s
    for rate, phase in drift:
        cycles = cycles + 0.003 * engine_hz / (2 * np.pi * rate) * np.sin(2 * np.pi * rate * times_s + phase)
    table_position = ramp(cycles, width, np.floor(cycles[:-1]))
    table_position -= np.floor(table_position)
    table_position *= TABLE_SIZE
    return np.asarray(np.take(table, table_position.astype(np.intp), mode='clip'))


def add_ground(signal: Samples, detour: FloatArray, width: int, lead: int) -> Samples:
    """Return the signal plus its ground reflection, which is delayed by a slowly changing detour.

    Args:
        signal: float32 (lead + step · width,).
        detour: Detour in samples at the control points (step + 1,), at most `lead` - 1.
        width: Samples per step.
        lead: Samples before the first step.

    Returns:
        float32 (step · width,).

    """
    summed = signal[lead:].copy()
    add_late(summed, signal, detour, GROUND_REFLECTION, width, lead)
    return summed


class Emission:
    """Signal of one vehicle at 1 m in the time of the vehicle. It is the same for all paths and microphones.

    Tyres and engine are one source. Its height is weighted by their powers above the split.
    """

    WIDTH = LOW_STEP_SAMPLES * OVERSAMPLING

    def __init__(self, grid: SampleGrid, vehicle: Vehicle, generator: np.random.Generator) -> None:
        """Choose gains and offsets into the pools. Nothing is computed yet."""
        self._grid = grid
        self.high_width = self.WIDTH * grid.low_factor
        offset_db = vehicle.level_offset_db
        rolling = spectra.rolling_levels_db(vehicle.kind, vehicle.velocity_mps) + offset_db
        propulsion = (
            spectra.propulsion_levels_db(vehicle.kind, vehicle.velocity_mps, electric=vehicle.electric) + offset_db
        )
        (tyre_low, tyre_high), (engine_low, engine_high) = (
            spectra.band_amplitudes(levels) for levels in (rolling, propulsion)
        )
        self.high_power, self.low_power = (
            float(np.sum(tyre**2 + engine**2)) for tyre, engine in ((tyre_high, engine_high), (tyre_low, engine_low))
        )
        self._high_gains = (np.hypot(tyre_high, engine_high) * 10 ** (READING_LOSS_DB / 20)).astype(np.float32)
        noise_amplitude = np.sqrt(1 - TONAL_POWER_RATIO)
        self._low_gains = np.hypot(tyre_low, engine_low * noise_amplitude).astype(np.float32)
        propulsion_ratio = float(np.sum(engine_high**2)) / max(self.high_power, 1e-30)
        self.height_m = ROLLING_HEIGHT_M + propulsion_ratio * (PROPULSION_HEIGHT_M[vehicle.kind] - ROLLING_HEIGHT_M)
        self._offset = int(generator.integers(0, 10**6)) * self.high_width
        self._engine_hz = vehicle.engine_hz
        self._table = engine_table(vehicle.engine_hz, TONAL_POWER_RATIO * float(engine_low @ engine_low), generator)
        self._wander = wander(generator)

    def high(self, first: int, last: int, detour_s: FloatArray, air: FloatArray) -> Samples:
        """Return the signal above the split for steps of emission, at the oversampled rate.

        Args:
            first: First step since time zero of the vehicle's time. It may be negative.
            last: Last step + 1.
            detour_s: Delay of the ground reflection at the control points (step + 1,).
            air: Amplitude (step + 1,) of the highest bands after air absorption.

        """
        width = self.high_width
        noise = high_pool(self._grid).read(self._offset + (first - 1) * width, (last - first + 1) * width)
        signal = self._high_gains[3:] @ noise[3:]
        steps = signal.reshape(-1, width)
        steps *= np.concatenate([air[:1], air[:-1]]).astype(np.float32)[:, None]
        signal += self._high_gains[:3] @ noise[:3]
        return add_ground(signal, detour_s * (self._grid.sample_rate_hz * OVERSAMPLING), width, width)

    def low(self, first: int, last: int, detour_s: FloatArray) -> Samples:
        """Return the signal below the split for steps of emission, at the oversampled low rate."""
        width, rate = self.WIDTH, self._grid.low_rate_hz * OVERSAMPLING
        start = self._offset // self._grid.low_factor + (first - 1) * width
        signal = self._low_gains @ low_pool(self._grid).read(start, (last - first + 1) * width)
        times = self._grid.times_s(first - 1, last)
        signal += tone(self._table, self._engine_hz, self._wander, times, width)
        return add_ground(signal, detour_s * rate, width, width)
