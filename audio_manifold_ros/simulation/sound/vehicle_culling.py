# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""All other vehicles: selection of the audible vehicles and of their audible façade reflections."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.array_types import FloatArray, Samples
from audio_manifold_ros.simulation.scene import Vehicle
from audio_manifold_ros.simulation.sound import propagation
from audio_manifold_ros.simulation.sound.image_source_method import Wall
from audio_manifold_ros.simulation.sound.propagation_path import PropagationPath, VehicleSound
from audio_manifold_ros.simulation.sound.receivers import Receivers
from audio_manifold_ros.simulation.sound.sample_grid import SampleGrid

HORIZON_M = (110.0, 140.0)
# A path is faded out between these levels relative to the total received power, in dB.
MASKED_DB = (-15.0, -19.0)
LOW_WEIGHT = 0.1


class Traffic:
    """Moving vehicles of a street on direct paths and by façade reflections."""

    def __init__(
        self,
        vehicles: tuple[Vehicle, ...],
        walls: tuple[Wall, ...],
        receivers: Receivers,
        floor_power: float,
        grid: SampleGrid,
        sound_mps: float,
        generator: np.random.Generator,
    ) -> None:
        """Prepare sources and walls. `floor_power` is the mean square of all other sound."""
        self._sounds = [VehicleSound(vehicle, receivers, grid, sound_mps, generator) for vehicle in vehicles]
        positions = [(sound.x_m, sound.y_m, sound.emission.height_m) for sound in self._sounds]
        self._origins_m = np.array(positions).reshape(-1, 3)
        self._speeds_mps = np.array([vehicle.velocity_mps for vehicle in vehicles])
        emissions = [sound.emission for sound in self._sounds]
        self.high_powers = np.array([emission.high_power for emission in emissions])
        self.low_powers = np.array([emission.low_power for emission in emissions])
        self._weights = self.high_powers + LOW_WEIGHT * self.low_powers
        self._walls = walls
        self._wall_ends = np.array([(wall.x_start_m, wall.x_end_m) for wall in walls]).reshape(-1, 2)
        self._receivers, self._grid, self._floor = receivers, grid, floor_power

    def within_horizon(self, times_s: FloatArray) -> tuple[NDArray[np.intp], FloatArray]:
        """Return the vehicles within the horizon at any of these times, and their squared distances (vehicle, time)."""
        array_x_m = self._receivers.x_m(times_s[[0, -1]])
        ends = self._origins_m[:, :1] + self._speeds_mps[:, None] * times_s[[0, -1]] - array_x_m
        reach = HORIZON_M[1]
        chosen = np.flatnonzero((ends.min(axis=1) < reach) & (ends.max(axis=1) > -reach))
        ahead = self._origins_m[chosen, :1] + self._speeds_mps[chosen, None] * times_s - self._receivers.x_m(times_s)
        across = self._origins_m[chosen, 1:] - self._receivers.centre_m[1:]
        return chosen, ahead**2 + np.sum(across**2, axis=1)[:, None]

    def render(self, first: int, last: int, out: tuple[Samples, Samples]) -> None:
        """Add steps first to last to the band above the split, and one more step on either side to the band below."""
        times = self._grid.times_s(first - 1, last + 1)
        chosen, squares = self.within_horizon(times)
        if not len(chosen):
            return
        fades = propagation.fade_out(np.sqrt(squares), *HORIZON_M)
        strengths = self._weights[chosen, None] * fades / squares
        total = strengths.sum(axis=0) + self._floor
        for index, square, fade, strength in zip(chosen, squares, fades, strengths, strict=True):
            sound = self._sounds[index]
            paths = []
            gate = fade * _audibility(strength / total)
            if gate.any():
                paths.append(PropagationPath(sound.y_m, gate))
            paths += self._images(sound, times, square, strength / total, fade)
            if paths:
                sound.render(first, last, paths, out)

    def _images(
        self, sound: VehicleSound, times: FloatArray, square: FloatArray, power_ratio: FloatArray, fade: FloatArray
    ) -> list[PropagationPath]:
        array_y = self._receivers.y_m
        ends = times[[0, -1]]
        positions = np.concatenate([sound.x_m + ends * sound.speed_mps, self._receivers.x_m(ends)])
        # Received sound was emitted up to 0.5 s earlier, at an earlier position of the source.
        slack = abs(sound.speed_mps) * 0.5 + 1
        open_walls = (self._wall_ends[:, 0] < positions.max() + slack) & (
            self._wall_ends[:, 1] > positions.min() - slack
        )
        nearest, strongest = float(square.min()), float((power_ratio * square).max())
        paths = []
        for index in np.flatnonzero(open_walls).tolist():
            wall = self._walls[index]
            image_y = wall.mirror_y_m(sound.y_m)
            longer = (image_y - array_y) ** 2 - (sound.y_m - array_y) ** 2
            is_inaudible = strongest / (nearest + longer) * wall.high_gain**2 < 10 ** (MASKED_DB[1] / 10)
            if is_inaudible or not wall.reflects(sound.y_m, array_y):
                continue
            gate = sound.specular_gate(wall, times)
            if not gate.any():
                continue
            gate = gate * fade * _audibility(power_ratio * square / (square + longer) * wall.high_gain**2)
            if gate.any():
                paths.append(PropagationPath(image_y, gate, wall.low_gain, wall.high_gain))
        return paths


def _audibility(power_ratio: FloatArray) -> FloatArray:
    """Return 1 for an audible path, 0 for an inaudible one, from its fraction of the total received power."""
    audible_db, inaudible_db = MASKED_DB
    return 1 - propagation.fade_out(10 * np.log10(np.maximum(power_ratio, 1e-12)), inaudible_db, audible_db)
