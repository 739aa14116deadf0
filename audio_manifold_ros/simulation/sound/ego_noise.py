# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Ego noise: tyres and engine of the vehicle that carries the array, and their echoes.

Source, mirror and microphones have the same velocity, so every delay is constant and a signal is read at a fixed
offset.
"""

from __future__ import annotations

import numpy as np

from audio_manifold_ros.common.array_types import FloatArray, Samples
from audio_manifold_ros.simulation.scene import Ego, VehicleKind
from audio_manifold_ros.simulation.sound import directivity, propagation, spectra
from audio_manifold_ros.simulation.sound.emission import TONAL_POWER_RATIO, engine_table, tone, wander
from audio_manifold_ros.simulation.sound.image_source_method import Wall
from audio_manifold_ros.simulation.sound.noise_pool import high_pool, low_pool
from audio_manifold_ros.simulation.sound.receivers import Receivers
from audio_manifold_ros.simulation.sound.sample_grid import LOW_STEP_SAMPLES, OVERSAMPLING, SampleGrid, ramp

TYRES_M = ((1.35, 0.78, 0.05), (1.35, -0.78, 0.05), (-1.35, 0.78, 0.05), (-1.35, -0.78, 0.05))
ENGINE_M = (1.5, 0.0, 0.4)
# Attenuation by the body on the way to its own roof, and of the tyres on the other side on the way out.
SHIELD_DB = (-3.0, -9.0)
UNDERBODY_DB = (-2.0, -9.0)
ENGINE_BAY_DB = (-4.0, -12.0)
ECHO_FADE_M = (50.0, 70.0)


class EgoNoise:
    """Ego noise on the direct path and reflected from façades and the sides of other vehicles."""

    def __init__(
        self,
        ego: Ego,
        walls: tuple[Wall, ...],
        receivers: Receivers,
        grid: SampleGrid,
        sound_mps: float,
        generator: np.random.Generator,
    ) -> None:
        """Choose the random values. Echoes are prepared when their wall comes into range."""
        self._grid, self._receivers, self._sound_mps = grid, receivers, sound_mps
        rolling = spectra.rolling_levels_db(VehicleKind.CAR, ego.speed_mps) + ego.level_offset_db
        propulsion = spectra.propulsion_levels_db(VehicleKind.CAR, ego.speed_mps, electric=ego.electric)
        propulsion = propulsion + ego.level_offset_db
        tyre, engine = (spectra.band_amplitudes(levels) for levels in (rolling, propulsion))
        parts = [(position, tyre[0] / 2, tyre[1] / 2) for position in TYRES_M]
        noise_amplitude = np.sqrt(1 - TONAL_POWER_RATIO)
        parts.append(
            (
                ENGINE_M,
                engine[0] * noise_amplitude * _amplitude(ENGINE_BAY_DB[0]),
                engine[1] * _amplitude(ENGINE_BAY_DB[1]),
            )
        )
        self._parts = [part for part in parts if part[2].max() > spectra.full_scale(-20.0)]
        self._has_engine = len(self._parts) > 0 and self._parts[-1][0] == ENGINE_M
        self._offsets = generator.integers(0, 10**6, size=len(self._parts)) * LOW_STEP_SAMPLES * OVERSAMPLING
        self._engine_hz = ego.engine_hz
        self._table = engine_table(
            ego.engine_hz, TONAL_POWER_RATIO * float(engine[0] @ engine[0]) * 10 ** (ENGINE_BAY_DB[0] / 10), generator
        )
        self._wander = wander(generator)
        self.power = 0.0
        if not self._parts:
            return
        self._positions_m = ego.to_world(np.array([part[0] for part in self._parts]), 0.0)
        self._direct = self._direct_gains()
        received = np.mean(self._direct[1] ** 2, axis=1)
        self.power = float(
            sum(power_gain * np.sum(part[2] ** 2) for power_gain, part in zip(received, self._parts, strict=True))
        )
        reach = ECHO_FADE_M[1] / 2
        self._walls = [wall for wall in walls if abs(wall.y_m - receivers.centre_m[1]) < reach]
        self._starts_m, self._ends_m, self._speeds_mps = (
            np.array([getattr(wall, name) for wall in self._walls]) for name in ('x_start_m', 'x_end_m', 'velocity_mps')
        )
        self._echoes: dict[int, _Echo] = {}

    def render(self, first: int, last: int, high: Samples, low: Samples) -> None:
        """Add steps first to last to `high` (mic, sample), and one more step on either side to `low`."""
        if not self._parts:
            return
        step = self._grid.step_samples
        times = self._grid.times_s(first - 1, last + 1)
        echoes = self._echoes_in_range(times)
        gates = [echo.gate(times, self._receivers) for echo in echoes]
        audible = [(echo, gate) for echo, gate in zip(echoes, gates, strict=True) if gate.any()]
        rates = (self._grid.sample_rate_hz * OVERSAMPLING, self._grid.low_rate_hz * OVERSAMPLING)
        spans = (
            (first * step, (last - first) * step),
            ((first - 1) * LOW_STEP_SAMPLES, (last - first + 2) * LOW_STEP_SAMPLES),
        )
        for band, out in ((0, high), (1, low)):
            start, n = (value * OVERSAMPLING for value in spans[band])
            lead = (
                int(np.ceil(max([self._direct[0].max(), *(echo.max_delay_s for echo, _ in audible)]) * rates[band]))
                + OVERSAMPLING
            )
            signals = self._high(start - lead, n + lead) if band == 0 else self._low(start - lead, n + lead)
            self._add_direct(out, signals, lead, rates[band], band)
            for echo, gate in audible:
                points = gate[1:-1] if band == 0 else gate
                width = out.shape[1] // (len(points) - 1)
                echo.add(out, signals, lead, rates[band], band, ramp(points, width))

    def _echoes_in_range(self, times: FloatArray) -> list[_Echo]:
        """Return the echoes of the walls next to the vehicle at any of these times."""
        ends = times[[0, -1]]
        relative = self._receivers.x_m(ends) - self._speeds_mps[:, None] * ends
        in_range = (relative.max(axis=1) > self._starts_m - 1) & (relative.min(axis=1) < self._ends_m + 1)
        for index in np.flatnonzero(in_range).tolist():
            if index not in self._echoes:
                wall = self._walls[index]
                self._echoes[index] = _Echo(wall, self._positions_m, self._receivers, self._sound_mps)
        return [self._echoes[index] for index in np.flatnonzero(in_range).tolist()]

    def _direct_gains(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return delays in seconds, and high and low gains (source, mic)."""
        microphones_m = self._receivers.centre_m + self._receivers.offsets_m
        ahead, across, up = (self._positions_m[None, :, axis] - microphones_m[:, None, axis] for axis in range(3))
        delay = propagation.retarded_delay_s(ahead, across**2 + up**2, self._receivers.speed_mps, self._sound_mps).T
        spread = (1 / np.sqrt(ahead**2 + across**2 + up**2)).T
        facing = directivity.high_gain(ahead, across, up, self._receivers.facings).T
        return delay, spread * facing * _amplitude(SHIELD_DB[1]), spread * _amplitude(SHIELD_DB[0])

    def _add_direct(self, out: Samples, signals: list[Samples], lead: int, rate_hz: float, band: int) -> None:
        delays, gains = self._direct[0], self._direct[1 + band]
        for signal, row, levels in zip(signals, delays, gains, strict=True):
            for mic, (delay, gain) in enumerate(zip(row, levels, strict=True)):
                begin = lead - round(delay * rate_hz)
                out[mic] += np.float32(gain) * signal[begin : begin + OVERSAMPLING * out.shape[1] : OVERSAMPLING]

    def _high(self, start: int, n: int) -> list[Samples]:
        pool, factor = high_pool(self._grid), self._grid.low_factor
        return [
            part[2].astype(np.float32) @ pool.read(int(offset) * factor + start, n)
            for part, offset in zip(self._parts, self._offsets, strict=True)
        ]

    def _low(self, start: int, n: int) -> list[Samples]:
        pool = low_pool(self._grid)
        signals = [
            part[1].astype(np.float32) @ pool.read(int(offset) + start, n)
            for part, offset in zip(self._parts, self._offsets, strict=True)
        ]
        if self._has_engine:
            width = LOW_STEP_SAMPLES * OVERSAMPLING
            begin, end = start // width, -(-(start + n) // width)
            tones = tone(self._table, self._engine_hz, self._wander, self._grid.times_s(begin, end), width)
            signals[-1] += tones[start - begin * width :][:n]
        return signals


class _Echo:
    """Echo of the ego noise from one wall: exact delays to the centre of the array, a plane wave across it."""

    def __init__(self, wall: Wall, positions_m: FloatArray, receivers: Receivers, sound_mps: float) -> None:
        self._wall = wall
        image = positions_m * [1.0, -1.0, 1.0] + [0.0, 2 * wall.y_m, 0.0]
        offset = image - receivers.centre_m
        across = np.sum(offset[:, 1:] ** 2, axis=1)
        self._delays = propagation.retarded_delay_s(offset[:, 0], across, receivers.speed_mps, sound_mps)
        distance = np.linalg.norm(offset, axis=1)
        far_side = (positions_m[:, 1] - receivers.centre_m[1]) * (wall.y_m - receivers.centre_m[1]) < 0
        shield = [np.where(far_side, _amplitude(value), 1.0) for value in reversed(UNDERBODY_DB)]
        spread = propagation.fade_out(distance, *ECHO_FADE_M) / distance
        air = 10 ** (-spectra.AIR_DB_PER_M[0] * distance / 20)
        self._gains = (spread * shield[0] * air * wall.high_gain, spread * shield[1] * wall.low_gain)
        middle = offset.mean(axis=0)
        direction = middle / np.linalg.norm(middle)
        self._lags = -(receivers.offsets_m @ direction) / sound_mps
        facing = directivity.directivity(receivers.facings @ direction, directivity.HIGH_OMNI)
        self._facings = (facing, np.ones(len(self._lags)))
        self.max_delay_s = float(self._delays.max() + self._lags.max())

    def gate(self, times_s: FloatArray, receivers: Receivers) -> FloatArray:
        """Return the fraction of the wall next to the vehicle (time,)."""
        return self._wall.gate(receivers.x_m(times_s), times_s)

    def add(self, out: Samples, signals: list[Samples], lead: int, rate_hz: float, band: int, gate: Samples) -> None:
        """Add the echo (mic, sample)."""
        n = OVERSAMPLING * out.shape[1]
        early, late = (round(value * rate_hz) for value in (self._lags.min(), self._lags.max()))
        echo = np.zeros(n + late - early, dtype=np.float32)
        for signal, delay, gain in zip(signals, self._delays, self._gains[band], strict=True):
            begin = lead - late - round(delay * rate_hz)
            echo += np.float32(gain) * signal[begin : begin + len(echo)]
        for mic, (lag, facing) in enumerate(zip(self._lags, self._facings[band], strict=True)):
            begin = late - round(lag * rate_hz)
            out[mic] += (gate * np.float32(facing)) * echo[begin : begin + n : OVERSAMPLING]


def _amplitude(level_db: float) -> float:
    return float(10 ** (level_db / 20))
