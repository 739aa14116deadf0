# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Ego noise: tyres and engine of the vehicle that carries the array, and their echoes.

Each part of the vehicle has its own echo in each wall, vehicle, trunk and pole, with its own delay and level at each
microphone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from audio_manifold_ros.common.array_types import FloatArray, Samples
from audio_manifold_ros.simulation.ego import Ego
from audio_manifold_ros.simulation.sound import propagation, spectra
from audio_manifold_ros.simulation.sound.coarse_grid import CoarseGrid
from audio_manifold_ros.simulation.sound.doppler_delay import add_delayed
from audio_manifold_ros.simulation.sound.emission import LOW_WIDTH, TONAL_POWER_RATIO, mix_bands
from audio_manifold_ros.simulation.sound.microphones import HIGH_OMNI, directivity
from audio_manifold_ros.simulation.sound.noise_pool import own_high_pool, own_low_pool
from audio_manifold_ros.simulation.sound.receivers import Receivers
from audio_manifold_ros.simulation.sound.reflection.cylinder_echoes import echo_parts, echo_reach_m
from audio_manifold_ros.simulation.sound.reflection.cylinders import NO_CYLINDERS, Cylinders
from audio_manifold_ros.simulation.sound.reflection.mirror import ECHO_FADE_M, Mirrors, NearbyMirrors, reflect_parts
from audio_manifold_ros.simulation.sound.sample_grid import LOW_STEP_SAMPLES, OVERSAMPLING, SampleGrid, ramp
from audio_manifold_ros.simulation.sound.tones import (
    EngineClock,
    engine_table,
    read_table,
    speed_and_acceleration,
    wander,
)
from audio_manifold_ros.simulation.vehicle import VehicleKind

TYRES_M = ((1.35, 0.78, 0.05), (1.35, -0.78, 0.05), (-1.35, 0.78, 0.05), (-1.35, -0.78, 0.05))
ENGINE_M = (1.5, 0.0, 0.4)
PARTS_M = np.array([*TYRES_M, ENGINE_M])
# Attenuation by the body on the way to its own roof, below and above the split, sampled per street: an assumption about
# the mount of the rig. An array in the middle of a large roof is shielded more than one at its edge.
MOUNT_SHIELD_DB = ((-4.0, 0.0), (-12.0, -3.0))
GROUND_ROOF_GAIN = float(np.hypot(1, propagation.GROUND_REFLECTION))
ENGINE_BAY_DB = (-4.0, -12.0)
# The echo map covers 96 ms: parts of the vehicle read noise that is this far apart.
PART_SPACING_S = 2.0
INAUDIBLE = float(spectra.full_scale(-20.0))


@dataclass(frozen=True)
class _Paths:
    """Paths of all parts to all microphones: delays in seconds, gains below and above the split (part, mic, time)."""

    delays_s: FloatArray
    low: FloatArray
    high: FloatArray


class EgoNoise:
    """Ego noise on the direct path and reflected from façades, the sides of other vehicles, and trunks and poles.

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
        cylinders: Cylinders = NO_CYLINDERS,
    ) -> None:
        """Choose the random values. Nothing is computed yet."""
        self._grid, self._receivers, self._sound_mps = grid, receivers, sound_mps
        self._ego, self._mirrors, self._is_wet = ego, mirrors, is_wet
        self._cylinders = cylinders
        self._reach_m = echo_reach_m(float(cylinders.shapes_m[:, 2].max())) if len(cylinders) else 0.0
        self._nearby = NearbyMirrors(mirrors, receivers, ECHO_FADE_M[1] / 2)
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
        paths = [self._direct(coarse.times_s), *self._echoes(coarse.times_s)]
        longest = max(float(path.delays_s.max()) for path in paths)
        delays = [coarse.refine(path.delays_s) for path in paths]
        gains = [(coarse.refine(path.high), coarse.refine(path.low)) for path in paths]
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
                for path_delays, path_gains in zip(delays, gains, strict=True):
                    if path_gains[band][part].any():
                        add_delayed(
                            out, signal, path_delays[part][:, inner] * (rate * OVERSAMPLING),
                            path_gains[band][part][:, inner], OVERSAMPLING, lead * width, width,
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

    def _direct(self, times_s: FloatArray) -> _Paths:
        """Return the paths from the parts to the microphones, which are constant."""
        places = self._receivers.centre_m + self._receivers.offsets_m
        towards = PARTS_M[:, None, :] - places
        distance = np.linalg.norm(towards, axis=2)
        facing = directivity(np.sum(towards * self._receivers.facings, axis=2) / distance, HIGH_OMNI)
        shape = (len(PARTS_M), len(places), len(times_s))
        delays = distance / self._sound_mps
        return _Paths(
            *(
                np.ascontiguousarray(np.broadcast_to(values[:, :, None], shape))
                for values in (
                    delays,
                    self._shield[0] * GROUND_ROOF_GAIN / distance,
                    self._shield[1] * GROUND_ROOF_GAIN * facing / distance,
                )
            )
        )

    def _echoes(self, times_s: FloatArray) -> list[_Paths]:
        """Return the paths by reflection in each mirror and cylinder next to the vehicle at any of these times."""
        nearby = self._nearby.at(times_s)
        receivers = self._receivers.at(times_s)
        cylinders = self._cylinders.near(receivers.centre_m[:, :2], self._reach_m)
        if not len(nearby) and not len(cylinders):
            return []
        velocity = np.ascontiguousarray(self._receivers.trajectory.velocity(times_s), dtype=np.float64)
        parts = np.ascontiguousarray(receivers.base_m + self._receivers.rotate(PARTS_M, times_s))
        shape = (3, len(PARTS_M), len(receivers.facings), len(times_s))
        paths, echoes = np.empty((len(nearby), *shape)), np.empty((len(cylinders), *shape))
        is_open = reflect_parts(
            *self._mirrors.planes(times_s, nearby), self._mirrors.traits[nearby], receivers.base_m,
            receivers.positions_m, receivers.facings, parts, velocity, self._sound_mps, paths,
        )  # fmt: skip
        has_echo = echo_parts(
            cylinders.shapes_m, cylinders.gains, receivers.base_m, receivers.positions_m, receivers.facings, parts,
            velocity, self._sound_mps, echoes,
        )  # fmt: skip
        return [_Paths(*path) for path in (*paths[is_open], *echoes[has_echo])]


def _amplitude(level_db: float) -> float:
    return float(10 ** (level_db / 20))
