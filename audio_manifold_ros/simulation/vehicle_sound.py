# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The sound of the other vehicles on the direct way and by way of the façades."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.simulation import directivity, propagation, spectra
from audio_manifold_ros.simulation.emission import Emission
from audio_manifold_ros.simulation.grid import OVERSAMPLING, SampleGrid
from audio_manifold_ros.simulation.image_sources import Wall
from audio_manifold_ros.simulation.path_reader import PathReader
from audio_manifold_ros.simulation.receivers import Receivers
from audio_manifold_ros.simulation.scene import Vehicle

Array = NDArray[np.float64]
Samples = NDArray[np.float32]

NEAREST_M = 1.0


@dataclass(frozen=True)
class Way:
    """One way from a vehicle to the array: where it seems to start at time zero, and how open it is (time,)."""

    origin_m: Array
    gate: Array
    low_gain: float = 1.0
    high_gain: float = 1.0


class VehicleSound:
    """One audible vehicle, heard by all microphones."""

    def __init__(
        self, vehicle: Vehicle, receivers: Receivers, grid: SampleGrid, sound_mps: float, generator: np.random.Generator
    ) -> None:
        """Choose what is random; nothing is computed yet."""
        self.emission = Emission(grid, vehicle, generator)
        self.origin_m = np.array([vehicle.x_m, vehicle.y_m, self.emission.height_m])
        self.velocity_mps = np.array([vehicle.velocity_mps, 0.0, 0.0])
        self._receivers, self._grid, self._sound_mps = receivers, grid, sound_mps

    def specular_gate(self, wall: Wall, times_s: Array) -> Array:
        """Return how much of the sound received at these times (time,) the wall has reflected."""
        ears = self._receivers.at(times_s)
        offset = wall.mirror(self.origin_m) + times_s[:, None] * self.velocity_mps - ears
        delay = propagation.retarded_delay_s(offset, self.velocity_mps, self._sound_mps)
        source_x = self.origin_m[0] + (times_s - delay) * self.velocity_mps[0]
        specular = wall.specular_x_m(source_x, float(self.origin_m[1]), ears[:, 0], float(ears[0, 1]))
        return wall.gate(specular, times_s)

    def render(
        self,
        first: int,
        last: int,
        ways: list[Way],
        out: tuple[Samples, Samples],
        readers: tuple[PathReader, PathReader],
    ) -> None:
        """Add what comes over all ways.

        Args:
            first: First control step.
            last: Last control step + 1.
            ways: With gates at the control points of one step more on either side.
            out: What is above the split (mic, sample), and below, at the low rate and one step more on either side.
            readers: For these two.

        """
        times = self._grid.times_s(first - 1, last + 1)
        heard = [self._hear(way, times) for way in ways]
        step_s = self._grid.step_samples / self._grid.sample_rate_hz
        begin = int(np.floor(min(emitted.min() for emitted, _, _ in heard) / step_s))
        end = int(np.ceil(max(emitted.max() for emitted, _, _ in heard) / step_s)) + 1
        high, low = self._emit(begin, end)
        high_rate = self._grid.sample_rate_hz * OVERSAMPLING
        low_rate = self._grid.low_rate_hz * OVERSAMPLING
        for emitted, high_gain, low_gain in heard:
            since = emitted - begin * step_s
            readers[0].add(out[0], high, since[:, 1:-1] * high_rate, high_gain[:, 1:-1])
            readers[1].add(out[1], low, since * low_rate, low_gain)

    def _hear(self, way: Way, times: Array) -> tuple[Array, Array, Array]:
        """Return instants of emission and high and low gains (mic, time)."""
        receivers = self._receivers
        ears = receivers.at(times) + receivers.offsets_m[:, None, :]
        offset = way.origin_m + times[:, None] * self.velocity_mps - ears
        delay = propagation.retarded_delay_s(offset, self.velocity_mps, self._sound_mps)
        distance = delay * self._sound_mps
        spread = way.gate / np.maximum(distance, NEAREST_M)
        apparent = offset - delay[:, :, None] * self.velocity_mps
        high = spread * directivity.high_gain(apparent, receivers.facings)
        high *= 10 ** (-spectra.AIR_DB_PER_M[0] * distance / 20)
        return times - delay, high * way.high_gain, spread * way.low_gain

    def _emit(self, begin: int, end: int) -> tuple[Samples, Samples]:
        times = self._grid.times_s(begin, end)
        offset = self.origin_m + times[:, None] * self.velocity_mps - self._receivers.at(times)
        travelled = propagation.retarded_delay_s(offset, self._receivers.velocity_mps, self._sound_mps)
        distance = np.maximum(travelled * self._sound_mps, NEAREST_M)
        ear_height = float(self._receivers.centre_m[2])
        detour = propagation.ground_detour_m(distance, self.emission.height_m, ear_height) / self._sound_mps
        extra_db = (spectra.AIR_DB_PER_M[1] - spectra.AIR_DB_PER_M[0]) * distance
        high = self.emission.high(begin, end, detour, 10 ** (-extra_db / 20))
        return high, self.emission.low(begin, end, detour)
