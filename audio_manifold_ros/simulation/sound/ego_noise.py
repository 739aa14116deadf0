# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Ego noise: tyres and engine of the vehicle that carries the array, and their echoes from walls and vehicles.

Each part of the vehicle has its own mirror image in each wall, with its own delay and level at each microphone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from audio_manifold_ros.common.array_types import FloatArray, Samples
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
from audio_manifold_ros.simulation.sound.mirror import Mirror
from audio_manifold_ros.simulation.sound.noise_pool import own_high_pool, own_low_pool
from audio_manifold_ros.simulation.sound.receivers import Receivers
from audio_manifold_ros.simulation.sound.sample_grid import LOW_STEP_SAMPLES, OVERSAMPLING, SampleGrid, ramp

TYRES_M = ((1.35, 0.78, 0.05), (1.35, -0.78, 0.05), (-1.35, 0.78, 0.05), (-1.35, -0.78, 0.05))
ENGINE_M = (1.5, 0.0, 0.4)
PARTS_M = np.array([*TYRES_M, ENGINE_M])
# Attenuation by the body on the way to its own roof, below and above the split, drawn per street: an assumption about
# the mount of the rig. An array in the middle of a large roof is shielded more than one at its edge.
MOUNT_SHIELD_DB = ((-4.0, 0.0), (-12.0, -3.0))
# Tyres stand on the ground. Their mirror image in it adds coherently on the long way to a façade, where its detour is
# below 2 cm, and in power on the way around the body to the roof.
GROUND_ECHO_GAIN = 1 + propagation.GROUND_REFLECTION
GROUND_ROOF_GAIN = float(np.hypot(1, propagation.GROUND_REFLECTION))
# Attenuation of the tyres on the other side on the way out.
UNDERBODY_DB = (-2.0, -9.0)
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
        mirrors: tuple[Mirror, ...],
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
        self._long_chunks: dict[int, list[int]] = {}
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

    def _nearby(self, times_s: FloatArray) -> list[Mirror]:
        """Return the mirrors that may be next to the vehicle at any of these times."""
        found: set[int] = set()
        for chunk in range(int(np.floor(times_s[0] / CHUNK_S)), int(np.floor(times_s[-1] / CHUNK_S)) + 1):
            if chunk not in self._chunks:
                times = np.linspace(chunk, chunk + 1, CHUNK_POINTS, dtype=np.float64) * CHUNK_S
                centre = self._receivers.at(times).centre_m[:, :2]
                self._chunks[chunk] = [
                    index for index in self._within_reach(chunk) if _is_alongside(self._mirrors[index], times, centre)
                ]
            found.update(self._chunks[chunk])
        return [self._mirrors[index] for index in sorted(found)]

    def _within_reach(self, chunk: int) -> list[int]:
        """Return the mirrors that come near in the eight chunks around this one."""
        block = chunk // LONG_CHUNKS
        if block not in self._long_chunks:
            count = LONG_CHUNKS * (CHUNK_POINTS - 1) + 1
            times = np.linspace(block * LONG_CHUNKS, (block + 1) * LONG_CHUNKS, count, dtype=np.float64) * CHUNK_S
            centre = self._receivers.at(times).centre_m[:, :2]
            self._long_chunks[block] = [
                index for index, mirror in enumerate(self._mirrors) if mirror.is_near(times, centre, ECHO_REACH_M)
            ]
        return self._long_chunks[block]

    def _echoes(self, times_s: FloatArray) -> list[_Ways]:
        """Return the ways by reflection in each mirror next to the vehicle at any of these times."""
        receivers = self._receivers.at(times_s)
        velocity = np.asarray(self._receivers.trajectory.velocity(times_s))
        parts = receivers.base_m + self._receivers.rotate(PARTS_M, times_s)
        centre = receivers.centre_m[:, :2]
        echoes = []
        for mirror in self._nearby(times_s):
            start, along = mirror.plane(times_s)
            normal = np.stack([-along[:, 1], along[:, 0]], axis=1)
            away = np.sum((centre - start) * normal, axis=1)
            reached = np.sum((centre - start) * along, axis=1)
            gate = propagation.soft_box(reached, 0.0, mirror.length_m, mirror.edge_m) * (away > 0)
            if not gate.any() or away.min() > ECHO_FADE_M[1] / 2:
                continue
            depth = np.sum((parts[:, :, :2] - start) * normal, axis=2)
            image = parts.copy()
            image[:, :, :2] -= 2 * depth[:, :, None] * normal
            image_velocity = velocity.copy()
            image_velocity[:, :2] -= 2 * np.sum(velocity[:, :2] * normal, axis=1)[:, None] * normal
            towards = image[:, None] - receivers.positions_m[None, 1:]
            back = np.sum(towards * image_velocity, axis=3)
            excess = self._sound_mps**2 - np.sum(image_velocity**2, axis=1)
            delay = (np.sqrt(back**2 + excess * np.sum(towards**2, axis=3)) - back) / excess
            distance = delay * self._sound_mps
            facing = directivity(
                np.sum((towards - image_velocity * delay[..., None]) * receivers.facings, axis=3) / distance, HIGH_OMNI
            )
            # A part on the other side of the vehicle is shielded by the underbody.
            hidden = depth > np.sum((receivers.base_m[:, :2] - start) * normal, axis=1) + HIDDEN_FROM_M
            level = gate * propagation.fade_out(distance, *ECHO_FADE_M) * GROUND_ECHO_GAIN / distance
            shields = [np.where(hidden, _amplitude(value), 1.0)[:, None] for value in UNDERBODY_DB]
            air = 10 ** (-spectra.AIR_DB_PER_M[0] * distance / 20)
            echoes.append(
                _Ways(delay, level * shields[0] * mirror.gains[0], level * shields[1] * air * facing * mirror.gains[1])
            )
        return echoes


def _is_alongside(mirror: Mirror, times_s: FloatArray, places_m: FloatArray) -> bool:
    """Return whether places (time, 2) may be in front of a mirror, between its ends, at or between these times."""
    start, along = mirror.plane(times_s)
    relative = places_m - start
    reached = np.sum(relative * along, axis=1)
    away = relative[:, 1] * along[:, 0] - relative[:, 0] * along[:, 1]
    is_beside = (reached > -CHUNK_MARGIN_M) & (reached < mirror.length_m + CHUNK_MARGIN_M)
    return bool(np.any(is_beside & (away > -CHUNK_MARGIN_M) & (away < ECHO_REACH_M)))


def _amplitude(level_db: float) -> float:
    return float(10 ** (level_db / 20))
