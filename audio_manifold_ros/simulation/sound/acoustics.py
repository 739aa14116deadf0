# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Sound of a street at the microphones of an array."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
import scipy.signal
from numpy.lib.stride_tricks import sliding_window_view

from audio_manifold_ros.common.array_types import FloatArray, Samples
from audio_manifold_ros.common.errors import SimulationError
from audio_manifold_ros.rig.rig import MicrophoneArray
from audio_manifold_ros.rig.transform_chain import Pose
from audio_manifold_ros.simulation.ego import Ego
from audio_manifold_ros.simulation.scene import Street
from audio_manifold_ros.simulation.sound import propagation
from audio_manifold_ros.simulation.sound.background_noise import LEAF_FADE_M, RUSTLE_FROM_MPS, Background, Leaves
from audio_manifold_ros.simulation.sound.doppler_delay import EDGE_STEPS
from audio_manifold_ros.simulation.sound.ego_noise import EgoNoise
from audio_manifold_ros.simulation.sound.emission import PROPULSION_HEIGHT_M, Emission, VehicleEmission
from audio_manifold_ros.simulation.sound.microphones import Microphones
from audio_manifold_ros.simulation.sound.noise_pool import sample_slots
from audio_manifold_ros.simulation.sound.propagation_path import SourceSound
from audio_manifold_ros.simulation.sound.receivers import Receivers
from audio_manifold_ros.simulation.sound.reflection.building_walls import street_walls
from audio_manifold_ros.simulation.sound.reflection.cylinders import NO_CYLINDERS, Cylinders
from audio_manifold_ros.simulation.sound.reflection.image_source_method import Walls
from audio_manifold_ros.simulation.sound.reflection.mirror import Mirrors
from audio_manifold_ros.simulation.sound.sample_grid import LOW_STEP_SAMPLES, SampleGrid
from audio_manifold_ros.simulation.sound.screens import Screens
from audio_manifold_ros.simulation.sound.source_emission import emission_of
from audio_manifold_ros.simulation.sound.spectra import full_scale
from audio_manifold_ros.simulation.sound.vehicle_culling import Traffic
from audio_manifold_ros.simulation.vehicle import Vehicle

ARRAY_HEIGHT_M = 1.7
ROOF_POSE = Pose(np.eye(3), np.array([0.0, 0.0, ARRAY_HEIGHT_M]))
BLOCK_STEPS = 300
# About 0.1 s: the unit of computation for a live stream of short blocks.
SHORT_STEPS = 28
LOW_TAPS = 8
# Most of the energy of the town's hum is at frequencies where it masks little.
MASKING_MARGIN_DB = 10.0


@lru_cache(maxsize=4)
def interpolator(low_factor: int) -> Samples:
    """Return the weights (tap, low_factor) that interpolate `LOW_TAPS` samples of the low rate to the full rate."""
    length = LOW_TAPS * low_factor
    taps = scipy.signal.firwin(length + 1, 1 / low_factor, window=('kaiser', 8.0)) * low_factor
    phases = taps[:length].reshape(LOW_TAPS, low_factor)[::-1]
    return np.ascontiguousarray(phases / phases.sum(axis=0), dtype=np.float32)


def upsample(low: Samples, low_factor: int) -> Samples:
    """Interpolate (mic, n + 2 · LOW_STEP_SAMPLES) samples of the low rate to (mic, n · low_factor)."""
    begin = LOW_STEP_SAMPLES - LOW_TAPS // 2 + 1
    end = low.shape[1] - LOW_STEP_SAMPLES + LOW_TAPS // 2
    windows = sliding_window_view(low[:, begin:end], LOW_TAPS, axis=1)
    # The copy has contiguous rows, which the fast matrix product needs.
    rows = np.ascontiguousarray(windows).reshape(-1, LOW_TAPS)
    return np.asarray(rows @ interpolator(low_factor)).reshape(len(low), -1)


class StreetAcoustics:
    """All sound of a street at the microphones of the ego vehicle.

    The result does not depend on how the audio is divided into calls: all randomness is an offset into a pool of noise,
    and all control points are on a grid anchored at sample 0. Calls of at most 0.08 s agree exactly, because they are
    cut from blocks on that grid. Longer calls agree within 1e-7, because they are summed in one piece: one sample in a
    million rounds to the next 16-bit step.

    Attributes:
        microphones: Simulated capsules with their tolerances.

    """

    def __init__(
        self,
        street: Street,
        array: MicrophoneArray,
        sample_rate_hz: int = 22_500,
        pose: Pose = ROOF_POSE,
        noise_seed: int = 0,
        *,
        trunk_echoes: bool = False,
    ) -> None:
        """Prepare everything that is constant.

        Args:
            street: The street.
            array: Microphone array.
            sample_rate_hz: Rate of the audio, 16 to 48 kHz.
            pose: Pose of the array in base_link. The default is level, `ARRAY_HEIGHT_M` over the ground.
            noise_seed: Seed of the pools of noise, which are otherwise those of all streets.
            trunk_echoes: Trunks and poles reflect sound.

        Raises:
            SimulationError: The sample rate is out of range.

        """
        self._grid = grid = SampleGrid(sample_rate_hz, noise_seed)
        generator = np.random.default_rng([street.seed, 0x5EED])
        mics = len(array.microphones)
        self.microphones = Microphones(mics, grid, generator)
        # All following positions are in the axes of the car.
        positions_m, facings = array.positions_m @ pose.rotation.T, array.facings @ pose.rotation.T
        receivers = _receivers(street.ego, pose.translation_m, positions_m + self.microphones.jitter_m, facings)
        self._sound_mps = sound = propagation.speed_of_sound_mps(street.weather.temperature_c)
        walls = street_walls(street.facades)
        mirrors = Mirrors(walls, street.vehicles)
        cylinders = Cylinders.of_street(street, sound) if trunk_echoes else NO_CYLINDERS
        self._ego = EgoNoise(
            street.ego, mirrors, receivers, grid, sound, generator, is_wet=street.is_wet, cylinders=cylinders
        )
        sources = _moving_sounds(street, grid, sound, generator)
        floor = self._ego.power + float(full_scale(street.weather.background_db - MASKING_MARGIN_DB)) ** 2
        screens = Screens(street, _source_vehicles(street), sound)
        self._traffic = Traffic(sources, Walls(walls), receivers, floor, grid, sound, screens, cylinders)
        flow = _flow(street)
        self._background = Background(street.weather, (positions_m, facings), self._traffic, flow, grid, generator)
        wind = street.weather.wind_mps
        rustling = street.trees if wind > RUSTLE_FROM_MPS else ()
        self._leaves = [Leaves(tree, wind, grid, generator) for tree in rustling]
        self._crowns_m = np.array([leaves.position_m[:2] for leaves in self._leaves]).reshape(-1, 2)
        self._receivers = receivers
        self._mics = mics
        self._cached_block: tuple[int, Samples] | None = None

    @property
    def sample_rate_hz(self) -> int:
        """Return the rate of the audio."""
        return self._grid.sample_rate_hz

    def render(self, first_sample: int, n: int) -> Samples:
        """Return audio float32 (mic, n) from any sample index on, where ±1 is 20 Pa.

        Raises:
            SimulationError: first_sample or n is negative.

        """
        if first_sample < 0 or n < 0:
            msg = f'first_sample is {first_sample!r} and n is {n!r}: give numbers from 0.'
            raise SimulationError(msg)
        out = np.empty((self._mics, n), dtype=np.float32)
        begin, end = self._grid.steps(first_sample, n)
        width = self._grid.step_samples
        short = end - begin <= SHORT_STEPS
        length = SHORT_STEPS if short else BLOCK_STEPS
        for first in range(begin - begin % SHORT_STEPS if short else begin, end, length):
            last = first + length if short else min(first + length, end)
            block = self._short_block(first) if short else self._render_steps(first, last)
            start = max(first * width, first_sample)
            stop = min(last * width, first_sample + n)
            out[:, start - first_sample : stop - first_sample] = block[:, start - first * width : stop - first * width]
        return out

    def _short_block(self, first: int) -> Samples:
        """Return `SHORT_STEPS` steps from a multiple of them on. They are cached for the next short call."""
        if self._cached_block is None or self._cached_block[0] != first:
            self._cached_block = (first, self._render_steps(first, first + SHORT_STEPS))
        return self._cached_block[1]

    def _render_steps(self, first: int, last: int) -> Samples:
        high = np.zeros((self._mics, (last - first) * self._grid.step_samples), dtype=np.float32)
        low = np.zeros((self._mics, (last - first + 2) * LOW_STEP_SAMPLES), dtype=np.float32)
        self._traffic.render(first, last, (high, low))
        self._ego.render(first, last, high, low)
        self._background.render(first, last, high, low)
        self._add_leaves(first, last, high)
        high += upsample(low, self._grid.low_factor)
        return self.microphones.record(high, first * self._grid.step_samples)

    def _add_leaves(self, first: int, last: int, high: Samples) -> None:
        if not self._leaves:
            return
        receivers = self._receivers.at(self._grid.times_s(first - EDGE_STEPS, last + EDGE_STEPS))
        track = receivers.centre_m[:: len(receivers.times_s) - 1, None, :2]
        reach = LEAF_FADE_M[1] + float(np.linalg.norm(track[1] - track[0]))
        near = np.linalg.norm(self._crowns_m - track, axis=2).min(axis=0) < reach
        for index in np.flatnonzero(near).tolist():
            self._leaves[index].render(first, last, high, receivers, self._sound_mps)


def _receivers(ego: Ego, translation_m: FloatArray, positions_m: FloatArray, facings: FloatArray) -> Receivers:
    """Return the microphones for an array position in base_link, and positions and facings in the axes of the car."""
    return Receivers(ego.trajectory, ego.heading, np.asarray(translation_m), positions_m, facings)


def _audible_vehicles(street: Street) -> list[Vehicle]:
    """Return the vehicles with noise of tyres or engine."""
    return [vehicle for vehicle in street.vehicles if vehicle.audible and vehicle.kind in PROPULSION_HEIGHT_M]


def _source_vehicles(street: Street) -> list[Vehicle | None]:
    """Return the vehicle of each source, in the order of `_moving_sounds`."""
    owners = {id(vehicle.trajectory): vehicle for vehicle in street.vehicles}
    motions = [source.trajectory if source.carrier is None else source.carrier for source in street.sounds]
    return [*_audible_vehicles(street), *(owners.get(id(motion)) for motion in motions)]


def _moving_sounds(
    street: Street, grid: SampleGrid, sound_mps: float, generator: np.random.Generator
) -> list[SourceSound]:
    """Return all vehicles with engine or tyre noise and all other sources.

    The nearest ones read parts of the noise that are far apart.
    """
    audible = _audible_vehicles(street)
    trajectories = [vehicle.trajectory for vehicle in audible] + [source.trajectory for source in street.sounds]
    distances = [np.linalg.norm(trajectory.position(np.zeros(1))) for trajectory in trajectories]
    starts = np.empty(len(trajectories), dtype=np.int64)
    starts[np.argsort(distances, kind='stable')] = sample_slots(len(trajectories), grid, generator)
    emissions: list[Emission] = [
        VehicleEmission(grid, vehicle, int(start), generator, is_wet=street.is_wet)
        for vehicle, start in zip(audible, starts[: len(audible)], strict=True)
    ]
    emissions += [
        emission_of(grid, source, int(start), generator)
        for source, start in zip(street.sounds, starts[len(audible) :], strict=True)
    ]
    return [
        SourceSound(emission, trajectory, grid, sound_mps)
        for emission, trajectory in zip(emissions, trajectories, strict=True)
    ]


def _flow(street: Street) -> Callable[[FloatArray], FloatArray]:
    """Return the velocity of the air relative to the array, in the axes of the car, as a function of time."""
    weather, ego = street.weather, street.ego
    wind = weather.wind_mps * np.array([np.cos(weather.wind_azimuth_rad), np.sin(weather.wind_azimuth_rad)])

    def flow(times_s: FloatArray) -> FloatArray:
        air = wind - np.asarray(ego.trajectory.velocity(times_s))[:, :2]
        yaw = ego.heading(times_s)
        cos, sin = np.cos(yaw), np.sin(yaw)
        return np.stack([cos * air[:, 0] + sin * air[:, 1], cos * air[:, 1] - sin * air[:, 0]], axis=1)

    return flow
