# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Ego noise: tyres and engine of the vehicle that carries the array, and their echoes from walls and vehicles.

Each part of the vehicle has its own mirror image in each wall, with its own delay and level at each microphone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.array_types import FloatArray, Samples
from audio_manifold_ros.simulation.compiled import compiled
from audio_manifold_ros.simulation.scene import Ego, VehicleKind
from audio_manifold_ros.simulation.sound import propagation, spectra
from audio_manifold_ros.simulation.sound.coarse_grid import CoarseGrid
from audio_manifold_ros.simulation.sound.directivity import HIGH_OMNI, directivity
from audio_manifold_ros.simulation.sound.doppler_delay import add_delayed
from audio_manifold_ros.simulation.sound.emission import (
    LOW_WIDTH,
    TONAL_POWER_RATIO,
    EngineClock,
    engine_table,
    mix_bands,
    read_table,
    speed_and_acceleration,
    wander,
)
from audio_manifold_ros.simulation.sound.mirror import Mirrors
from audio_manifold_ros.simulation.sound.noise_pool import own_high_pool, own_low_pool
from audio_manifold_ros.simulation.sound.receivers import Receivers
from audio_manifold_ros.simulation.sound.sample_grid import LOW_STEP_SAMPLES, OVERSAMPLING, SampleGrid, ramp
from audio_manifold_ros.simulation.sound.spectra import AIR_DB_PER_M

TYRES_M = ((1.35, 0.78, 0.05), (1.35, -0.78, 0.05), (-1.35, 0.78, 0.05), (-1.35, -0.78, 0.05))
ENGINE_M = (1.5, 0.0, 0.4)
PARTS_M = np.array([*TYRES_M, ENGINE_M])
# Attenuation by the body on the way to its own roof, below and above the split, sampled per street: an assumption about
# the mount of the rig. An array in the middle of a large roof is shielded more than one at its edge.
MOUNT_SHIELD_DB = ((-4.0, 0.0), (-12.0, -3.0))
# Tyres stand on the ground. Their mirror image in it adds coherently on the long way to a façade, where its detour is
# below 2 cm, and in power on the way around the body to the roof.
GROUND_ECHO_GAIN = 1 + propagation.GROUND_REFLECTION
GROUND_ROOF_GAIN = float(np.hypot(1, propagation.GROUND_REFLECTION))
# Attenuation of the tyres on the other side on the way out.
UNDERBODY_DB = (-2.0, -9.0)
UNDERBODY_GAINS = tuple(10 ** (level_db / 20) for level_db in UNDERBODY_DB)
ENGINE_BAY_DB = (-4.0, -12.0)
ECHO_FADE_M = (50.0, 70.0)
# A part this much beyond the middle of the vehicle, seen from a wall, is on the other side.
HIDDEN_FROM_M = 0.2
# The echo map covers 96 ms: parts of the vehicle read noise that is this far apart.
PART_SPACING_S = 2.0
# Mirrors are selected for this time, with a margin for the motion between two points of time.
CHUNK_S = 1.0
CHUNK_POINTS = 5
LONG_CHUNKS = 8
CHUNK_MARGIN_M = 5.0
ECHO_REACH_M = ECHO_FADE_M[1] / 2 + CHUNK_MARGIN_M
INAUDIBLE = float(spectra.full_scale(-20.0))


@dataclass(frozen=True)
class _Ways:
    """Ways of all parts to all microphones: delays in seconds and gains below and above the split (part, mic, time)."""

    delays_s: FloatArray
    low: FloatArray
    high: FloatArray


class EgoNoise:
    """Ego noise on the direct way and reflected from façades and the sides of other vehicles.

    Attributes:
        power: Mean square of the direct sound above the split at time zero.

    """

    def __init__(
        self,
        ego: Ego,
        mirrors: Mirrors,
        receivers: Receivers,
        grid: SampleGrid,
        sound_mps: float,
        generator: np.random.Generator,
        *,
        is_wet: bool = False,
    ) -> None:
        """Choose the random values. Nothing is computed yet."""
        self._grid, self._receivers, self._sound_mps = grid, receivers, sound_mps
        self._ego, self._mirrors, self._is_wet = ego, mirrors, is_wet
        self._chunks: dict[int, list[int]] = {}
        self._long_chunks: dict[int, NDArray[np.intp]] = {}
        spacing = int(PART_SPACING_S * grid.sample_rate_hz / grid.step_samples)
        self._starts = int(generator.integers(0, 10**5)) + generator.permutation(len(PARTS_M)) * spacing
        self._table = engine_table(ego.engine_hz, 1.0, generator)
        self._clock = EngineClock(ego.engine_hz, ego.trajectory, wander(generator))
        self._shield = [_amplitude(float(generator.uniform(*limits))) for limits in MOUNT_SHIELD_DB]
        levels, _ = self._levels(np.zeros(1))
        direct = self._direct(np.zeros(1))
        self.power = float(np.sum(np.mean(direct.high[:, :, 0] ** 2, axis=1) * np.sum(levels[:, 4:, 0] ** 2, axis=1)))

    def _levels(self, times_s: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the rms of each part in each band (part, 9, time), and of the engine's tones (time,)."""
        ego = self._ego
        speed, acceleration = speed_and_acceleration(ego.trajectory, times_s)
        rolling = spectra.rolling_levels_db(VehicleKind.CAR, speed, is_wet=self._is_wet)
        propulsion = spectra.propulsion_levels_db(VehicleKind.CAR, speed, acceleration, electric=ego.electric)
        tyre, engine = (
            np.concatenate(spectra.band_amplitudes(levels + ego.level_offset_db), axis=1).T
            for levels in (rolling, propulsion)
        )
        tonal = np.sqrt(TONAL_POWER_RATIO * np.sum(engine[:4] ** 2, axis=0)) * _amplitude(ENGINE_BAY_DB[0])
        engine[:4] *= np.sqrt(1 - TONAL_POWER_RATIO) * _amplitude(ENGINE_BAY_DB[0])
        engine[4:] *= _amplitude(ENGINE_BAY_DB[1])
        return np.stack([tyre / 2] * len(TYRES_M) + [engine]), tonal

    def render(self, first: int, last: int, high: Samples, low: Samples) -> None:
        """Add steps first to last to `high` (mic, sample), and one more step on either side to `low`."""
        coarse = CoarseGrid.around(self._grid, first - 1, last + 1)
        levels, tonal = self._levels(coarse.times_s)
        is_audible = levels.max(axis=(1, 2)) > INAUDIBLE
        if not is_audible.any():
            return
        ways = [self._direct(coarse.times_s), *self._echoes(coarse.times_s)]
        longest = max(float(way.delays_s.max()) for way in ways)
        delays = [coarse.refine(way.delays_s) for way in ways]
        gains = [(coarse.refine(way.high), coarse.refine(way.low)) for way in ways]
        for part in np.flatnonzero(is_audible).tolist():
            rms = coarse.refine(levels[part])
            tones = coarse.refine(tonal) if part == len(TYRES_M) and tonal.any() else None
            for band, out in ((0, high), (1, low)):
                rate = self._grid.sample_rate_hz if band == 0 else self._grid.low_rate_hz
                width = self._grid.step_samples if band == 0 else LOW_STEP_SAMPLES
                begin, end = (first, last) if band == 0 else (first - 1, last + 1)
                inner = slice(1, -1) if band == 0 else slice(None)
                lead = int(np.ceil(longest * rate / width)) + 1
                signal = self._signal(part, begin - lead, end + 1, rms, tones, band)
                for way_delays, way_gains in zip(delays, gains, strict=True):
                    if way_gains[band][part].any():
                        add_delayed(
                            out, signal, way_delays[part][:, inner] * (rate * OVERSAMPLING),
                            way_gains[band][part][:, inner], OVERSAMPLING, lead * width, width,
                        )  # fmt: skip

    def _signal(self, part: int, begin: int, end: int, rms: FloatArray, tones: FloatArray | None, band: int) -> Samples:
        """Return the emission of one part for control steps, float32 (`OVERSAMPLING`, sample).

        The level of the first step continues backwards, and that of the last one forwards. Levels change slowly.
        """
        steps = end - begin
        pool, width = (
            (own_high_pool(self._grid), self._grid.step_samples * OVERSAMPLING)
            if band == 0
            else (own_low_pool(self._grid), LOW_WIDTH)
        )
        noise = pool.read((int(self._starts[part]) + begin) * width, steps * width)
        points = np.arange(steps + 1) - (steps - rms.shape[1])
        index = np.clip(points, 0, rms.shape[1] - 1)
        signal = mix_bands(noise, (rms[4:] if band == 0 else rms[:4])[:, index], width)
        if band == 1 and tones is not None:
            cycles = self._clock.cycles(self._grid.times_s(begin, end))
            signal += read_table(self._table, cycles, width) * ramp(tones[index], width)
        return np.ascontiguousarray(signal.reshape(-1, OVERSAMPLING).T)

    def _direct(self, times_s: FloatArray) -> _Ways:
        """Return the ways from the parts to the microphones, which are constant."""
        places = self._receivers.centre_m + self._receivers.offsets_m
        towards = PARTS_M[:, None, :] - places
        distance = np.linalg.norm(towards, axis=2)
        facing = directivity(np.sum(towards * self._receivers.facings, axis=2) / distance, HIGH_OMNI)
        shape = (len(PARTS_M), len(places), len(times_s))
        delays = distance / self._sound_mps
        return _Ways(
            *(
                np.ascontiguousarray(np.broadcast_to(values[:, :, None], shape))
                for values in (
                    delays,
                    self._shield[0] * GROUND_ROOF_GAIN / distance,
                    self._shield[1] * GROUND_ROOF_GAIN * facing / distance,
                )
            )
        )

    def _nearby(self, times_s: FloatArray) -> NDArray[np.intp]:
        """Return the mirrors that may be next to the vehicle at any of these times."""
        found: set[int] = set()
        for chunk in range(int(np.floor(times_s[0] / CHUNK_S)), int(np.floor(times_s[-1] / CHUNK_S)) + 1):
            if chunk not in self._chunks:
                times = np.linspace(chunk, chunk + 1, CHUNK_POINTS, dtype=np.float64) * CHUNK_S
                near = self._within_reach(chunk)
                starts, along = self._mirrors.planes(times, near)
                centre = self._receivers.at(times).centre_m[:, :2]
                is_alongside = _are_alongside(starts, along, self._mirrors.traits[near, 0], centre)
                self._chunks[chunk] = near[is_alongside].tolist()
            found.update(self._chunks[chunk])
        return np.array(sorted(found), dtype=np.intp)

    def _within_reach(self, chunk: int) -> NDArray[np.intp]:
        """Return the mirrors that come near in the eight chunks around this one."""
        block = chunk // LONG_CHUNKS
        if block not in self._long_chunks:
            count = LONG_CHUNKS * (CHUNK_POINTS - 1) + 1
            times = np.linspace(block * LONG_CHUNKS, (block + 1) * LONG_CHUNKS, count, dtype=np.float64) * CHUNK_S
            centre = self._receivers.at(times).centre_m[:, :2]
            self._long_chunks[block] = self._mirrors.near(times, centre, ECHO_REACH_M)
        return self._long_chunks[block]

    def _echoes(self, times_s: FloatArray) -> list[_Ways]:
        """Return the ways by reflection in each mirror next to the vehicle at any of these times."""
        nearby = self._nearby(times_s)
        if not len(nearby):
            return []
        receivers = self._receivers.at(times_s)
        velocity = np.ascontiguousarray(self._receivers.trajectory.velocity(times_s), dtype=np.float64)
        parts = np.ascontiguousarray(receivers.base_m + self._receivers.rotate(PARTS_M, times_s))
        ways = np.empty((len(nearby), 3, len(PARTS_M), len(receivers.facings), len(times_s)))
        is_open = _reflect(
            *self._mirrors.planes(times_s, nearby), self._mirrors.traits[nearby], receivers.base_m,
            receivers.positions_m, receivers.facings, parts, velocity, self._sound_mps, ways,
        )  # fmt: skip
        return [_Ways(*ways[index]) for index in np.flatnonzero(is_open).tolist()]


def _are_alongside(
    starts_m: FloatArray, along: FloatArray, lengths_m: FloatArray, places_m: FloatArray
) -> NDArray[np.bool_]:
    """Return whether places (time, 2) may be in front of mirrors, between their ends, at or between the times.

    Args:
        starts_m: Starts of the mirrors (mirror, time, 2).
        along: Directions of the mirrors (mirror, time, 2).
        lengths_m: Lengths of the mirrors (mirror,).
        places_m: Places.

    """
    relative = places_m - starts_m
    reached = np.sum(relative * along, axis=2)
    away = relative[..., 1] * along[..., 0] - relative[..., 0] * along[..., 1]
    is_alongside = (reached > -CHUNK_MARGIN_M) & (reached < lengths_m[:, None] + CHUNK_MARGIN_M)
    return np.asarray(np.any(is_alongside & (away > -CHUNK_MARGIN_M) & (away < ECHO_REACH_M), axis=1))


def _amplitude(level_db: float) -> float:
    return float(10 ** (level_db / 20))


@compiled(
    'b1[::1](f8[:, :, ::1], f8[:, :, ::1], f8[:, ::1], f8[:, ::1], f8[:, :, ::1], f8[:, :, ::1], f8[:, :, ::1],'
    'f8[:, ::1], f8, f8[:, :, :, :, ::1])'
)
def _reflect(
    starts: FloatArray,
    along: FloatArray,
    traits: FloatArray,
    base: FloatArray,
    receivers: FloatArray,
    facings: FloatArray,
    parts: FloatArray,
    velocity: FloatArray,
    sound: float,
    ways: FloatArray,
) -> NDArray[np.bool_]:
    """Write delays and gains below and above the split (mirror, 3, part, mic, time). Return which mirrors reflect."""
    mirrors, times, mics = len(starts), starts.shape[1], len(facings)
    is_open = np.zeros(mirrors, dtype=np.bool_)
    gates = np.empty(times)
    for mirror in range(mirrors):
        nearest = np.inf
        for time in range(times):
            x, y = receivers[0, time, 0] - starts[mirror, time, 0], receivers[0, time, 1] - starts[mirror, time, 1]
            tx, ty = along[mirror, time, 0], along[mirror, time, 1]
            away, reached = y * tx - x * ty, x * tx + y * ty
            inside = min(reached, traits[mirror, 0] - reached) / traits[mirror, 1]
            gates[time] = 0.5 + 0.5 * np.sin(np.pi / 2 * min(max(inside, -1.0), 1.0)) if away > 0 else 0.0
            nearest = min(nearest, away)
            is_open[mirror] |= gates[time] != 0
        is_open[mirror] &= nearest <= ECHO_FADE_M[1] / 2
        if not is_open[mirror]:
            continue
        for part in range(len(parts)):
            for time in range(times):
                tx, ty = along[mirror, time, 0], along[mirror, time, 1]
                sx, sy = starts[mirror, time, 0], starts[mirror, time, 1]
                depth = (parts[part, time, 1] - sy) * tx - (parts[part, time, 0] - sx) * ty
                # A part on the other side of the vehicle is shielded by the underbody.
                is_hidden = depth > (base[time, 1] - sy) * tx - (base[time, 0] - sx) * ty + HIDDEN_FROM_M
                approach = velocity[time, 1] * tx - velocity[time, 0] * ty
                vx, vy = velocity[time, 0] + 2 * approach * ty, velocity[time, 1] - 2 * approach * tx
                vz = velocity[time, 2]
                ix, iy = parts[part, time, 0] + 2 * depth * ty, parts[part, time, 1] - 2 * depth * tx
                excess = sound**2 - (vx**2 + vy**2 + vz**2)
                for mic in range(mics):
                    x, y = ix - receivers[1 + mic, time, 0], iy - receivers[1 + mic, time, 1]
                    z = parts[part, time, 2] - receivers[1 + mic, time, 2]
                    back = x * vx + y * vy + z * vz
                    delay = (np.sqrt(back**2 + excess * (x**2 + y**2 + z**2)) - back) / excess
                    distance = delay * sound
                    facing = (x - vx * delay) * facings[mic, time, 0] + (y - vy * delay) * facings[mic, time, 1]
                    facing = (
                        HIGH_OMNI + (1 - HIGH_OMNI) * (facing + (z - vz * delay) * facings[mic, time, 2]) / distance
                    )
                    faded = min(max((distance - ECHO_FADE_M[0]) / (ECHO_FADE_M[1] - ECHO_FADE_M[0]), 0.0), 1.0)
                    level = gates[time] * (0.5 + 0.5 * np.cos(np.pi * faded)) * GROUND_ECHO_GAIN / distance
                    air = 10 ** (-AIR_DB_PER_M[0] * distance / 20)
                    low, high = (UNDERBODY_GAINS[0], UNDERBODY_GAINS[1]) if is_hidden else (1.0, 1.0)
                    ways[mirror, 0, part, mic, time] = delay
                    ways[mirror, 1, part, mic, time] = level * low * traits[mirror, 2]
                    ways[mirror, 2, part, mic, time] = level * high * air * facing * traits[mirror, 3]
    return is_open
