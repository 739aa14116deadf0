# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Sound of one other vehicle on the direct path and by reflection from façades."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from audio_manifold_ros.common.array_types import FloatArray, Samples
from audio_manifold_ros.simulation.scene import Vehicle
from audio_manifold_ros.simulation.sound import directivity, propagation, spectra
from audio_manifold_ros.simulation.sound.doppler_delay import fan_out, read_path
from audio_manifold_ros.simulation.sound.emission import Emission
from audio_manifold_ros.simulation.sound.image_source_method import Wall
from audio_manifold_ros.simulation.sound.receivers import Receivers
from audio_manifold_ros.simulation.sound.sample_grid import LOW_STEP_SAMPLES, OVERSAMPLING, SampleGrid

MIN_DISTANCE_M = 1.0


@dataclass(frozen=True)
class PropagationPath:
    """One path from a vehicle to the array.

    Attributes:
        y_m: Apparent position of the source across the road.
        gate: Amplitude of the path (time,), 0 to 1.
        low_gain: Gain below the split.
        high_gain: Gain above the split.

    """

    y_m: float
    gate: FloatArray
    low_gain: float = 1.0
    high_gain: float = 1.0


@dataclass(frozen=True)
class _Arrival:
    emitted_s: FloatArray
    distance_m: FloatArray
    high: FloatArray


class VehicleSound:
    """Sound of one audible vehicle at all microphones."""

    def __init__(
        self, vehicle: Vehicle, receivers: Receivers, grid: SampleGrid, sound_mps: float, generator: np.random.Generator
    ) -> None:
        """Choose the random values. Nothing is computed yet."""
        self.emission = Emission(grid, vehicle, generator)
        self.x_m, self.y_m, self.speed_mps = vehicle.x_m, vehicle.y_m, vehicle.velocity_mps
        self._receivers, self._grid, self._sound_mps = receivers, grid, sound_mps
        middle = np.zeros((1, 3))
        self._offsets_m = np.concatenate([middle, receivers.offsets_m])

    def specular_gate(self, wall: Wall, times_s: FloatArray) -> FloatArray:
        """Return the fraction of the sound received at these times (time,) that the wall has reflected."""
        array_x_m = self._receivers.x_m(times_s)
        ahead = self.x_m + times_s * self.speed_mps - array_x_m
        across = wall.mirror_y_m(self.y_m) - self._receivers.y_m
        up = self.emission.height_m - self._receivers.centre_m[2]
        delay = propagation.retarded_delay_s(ahead, across**2 + up**2, self.speed_mps, self._sound_mps)
        source_x = self.x_m + (times_s - delay) * self.speed_mps
        return wall.gate(wall.specular_x_m(source_x, self.y_m, array_x_m, self._receivers.y_m), times_s)

    def render(self, first: int, last: int, paths: list[PropagationPath], out: tuple[Samples, Samples]) -> None:
        """Add the sound of all paths.

        Args:
            first: First control step.
            last: Last control step + 1.
            paths: Paths with gates at the control points of one more step on either side.
            out: Sound above the split (mic, sample), and below it at the low rate with one more step on either side.

        """
        times = self._grid.times_s(first - 1, last + 1)
        arrivals = [self._arrive(path, times) for path in paths]
        step_s = self._grid.step_samples / self._grid.sample_rate_hz
        begin = int(np.floor(min(arrival.emitted_s.min() for arrival in arrivals) / step_s))
        end = int(np.ceil(max(arrival.emitted_s.max() for arrival in arrivals) / step_s)) + 1
        high, low = self._emit(begin, end)
        grid, (high_out, low_out) = self._grid, out
        for path, arrival in zip(paths, arrivals, strict=True):
            since = arrival.emitted_s - begin * step_s
            spread = path.gate / np.maximum(arrival.distance_m, MIN_DISTANCE_M)
            air = 10 ** (-spectra.AIR_DB_PER_M[0] * arrival.distance_m[:1] / 20)
            middle = np.zeros((1, 2 * (len(times) - 1) * grid.step_samples), dtype=np.float32)
            positions = since[:1] * (grid.sample_rate_hz * OVERSAMPLING)
            read_path(middle, high, positions, spread[:1] * air * path.high_gain, 2 * grid.step_samples)
            fan_out(high_out, middle[0], self._shifts(arrival, times), arrival.high[:, 1:-1], grid.step_samples)
            positions = since[1:] * (grid.low_rate_hz * OVERSAMPLING)
            read_path(low_out, low, positions, spread[1:] * path.low_gain, LOW_STEP_SAMPLES)

    def _arrive(self, path: PropagationPath, times: FloatArray) -> _Arrival:
        """Return emission times and distances (1 + mic, time), the centre first, and relative gains (mic, time)."""
        receivers, offsets = self._receivers, self._offsets_m
        ahead = self.x_m + times * self.speed_mps - receivers.x_m(times) - offsets[:, :1]
        across = path.y_m - receivers.y_m - offsets[:, 1:2]
        up = self.emission.height_m - receivers.centre_m[2] - offsets[:, 2:]
        delay = propagation.retarded_delay_s(ahead, across**2 + up**2, self.speed_mps, self._sound_mps)
        distance = delay * self._sound_mps
        apparent = ahead - delay * self.speed_mps
        facing = directivity.high_gain(apparent[1:], across[1:], up[1:], receivers.facings)
        nearness = np.maximum(distance[:1], MIN_DISTANCE_M) / np.maximum(distance[1:], MIN_DISTANCE_M)
        return _Arrival(times - delay, distance, facing * nearness)

    def _shifts(self, arrival: _Arrival, times: FloatArray) -> FloatArray:
        """Return the time shift between the centre of the array and each microphone in half samples (mic, time)."""
        middle = arrival.emitted_s[0]
        arrival_times = np.interp(arrival.emitted_s[1:, 1:-1].reshape(-1), middle, times).reshape(len(arrival.high), -1)
        return (arrival_times - times[1:-1]) * (2 * self._grid.sample_rate_hz)

    def _emit(self, begin: int, end: int) -> tuple[Samples, Samples]:
        times = self._grid.times_s(begin, end)
        receivers, height = self._receivers, self.emission.height_m
        ahead = self.x_m + times * self.speed_mps - receivers.x_m(times)
        across = (self.y_m - receivers.y_m) ** 2 + (height - receivers.centre_m[2]) ** 2
        travelled = propagation.retarded_delay_s(ahead, across, receivers.speed_mps, self._sound_mps)
        distance = np.maximum(travelled * self._sound_mps, MIN_DISTANCE_M)
        detour = propagation.ground_detour_m(distance, height, float(receivers.centre_m[2])) / self._sound_mps
        extra_db = (spectra.AIR_DB_PER_M[1] - spectra.AIR_DB_PER_M[0]) * distance
        return self.emission.high(begin, end, detour, 10 ** (-extra_db / 20)), self.emission.low(begin, end, detour)
