# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Plane mirrors for the noise of the vehicle that carries the array: walls, and sides of other vehicles."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.array_types import FloatArray
from audio_manifold_ros.simulation.compiled import compiled
from audio_manifold_ros.simulation.motion_table import MotionTable
from audio_manifold_ros.simulation.scene import Vehicle
from audio_manifold_ros.simulation.sound.image_source_method import Wall

VEHICLE_LOW_GAIN = 0.3
VEHICLE_HIGH_GAIN = 0.6
VEHICLE_EDGE_M = 0.5


class Mirrors:
    """Vertical reflecting strips: walls, then the left and the right side of each vehicle.

    Attributes:
        traits: Length, half of the width in which the reflection fades at the ends, and amplitudes of the reflection
            below and above the split (mirror, 4).

    """

    def __init__(self, walls: tuple[Wall, ...], vehicles: tuple[Vehicle, ...]) -> None:
        """Store the geometry."""
        starts = np.array([wall.start_m for wall in walls], dtype=np.float64).reshape(-1, 2)
        across = np.array([wall.end_m for wall in walls], dtype=np.float64).reshape(-1, 2) - starts
        lengths = np.hypot(across[:, 0], across[:, 1])
        self._walls = np.concatenate([starts, across / lengths[:, None]], axis=1)
        rows = [(wall.edge_m, wall.low_gain, wall.high_gain) for wall in walls]
        side = (VEHICLE_EDGE_M, VEHICLE_LOW_GAIN, VEHICLE_HIGH_GAIN)
        sides = [(one.length_m, *side) for one in vehicles for _ in (1, -1)]
        self.traits = np.concatenate(
            [
                np.column_stack([lengths, np.array(rows, dtype=np.float64).reshape(-1, 3)]),
                np.array(sides, dtype=np.float64).reshape(-1, 4),
            ]
        )
        self._half_widths_m = np.array([vehicle.width_m / 2 for vehicle in vehicles])
        self._motions = MotionTable([vehicle.trajectory for vehicle in vehicles])

    def near(self, times_s: FloatArray, places_m: FloatArray, reach_m: float) -> NDArray[np.intp]:
        """Return the mirrors with a part within reach of places (time, 2) at these times (time,)."""
        middles = self._walls[:, None, :2] + self._walls[:, None, 2:] * (self.traits[: len(self._walls), None, :1] / 2)
        centres = self._motions.at(times_s).positions_m[:, :, :2]
        reaches = reach_m + self.traits[: len(self._walls), 0] / 2
        is_near = _nearest(middles - places_m) < reaches
        are_near = np.repeat(_nearest(centres - places_m) < reach_m, 2)
        return np.flatnonzero(np.concatenate([is_near, are_near]))

    def planes(self, times_s: FloatArray, chosen: NDArray[np.intp]) -> tuple[FloatArray, FloatArray]:
        """Return starts and directions (mirror, time, 2) of the chosen mirrors. Their left sides reflect."""
        walls = len(self._walls)
        vehicles, rows = np.unique((chosen[chosen >= walls] - walls) // 2, return_inverse=True)
        motions = self._motions.at(times_s, vehicles)
        starts, along = np.empty((2, len(chosen), len(times_s), 2))
        _planes(
            self._walls, self.traits, self._half_widths_m[vehicles], chosen, rows, motions.positions_m,
            motions.headings_rad, starts, along,
        )  # fmt: skip
        return starts, along


def _nearest(offsets_m: FloatArray) -> FloatArray:
    """Return the shortest of offsets (mirror, time, 2)."""
    return np.asarray(np.sqrt(np.min(offsets_m[..., 0] ** 2 + offsets_m[..., 1] ** 2, axis=1)))


@compiled(
    'void(f8[:, ::1], f8[:, ::1], f8[::1], i8[::1], i8[::1], f8[:, :, ::1], f8[:, ::1], f8[:, :, ::1], f8[:, :, ::1])'
)
def _planes(
    walls: FloatArray,
    traits: FloatArray,
    half_widths: FloatArray,
    chosen: NDArray[np.int64],
    rows: NDArray[np.int64],
    positions: FloatArray,
    headings: FloatArray,
    starts: FloatArray,
    along: FloatArray,
) -> None:
    moving = 0
    for index in range(len(chosen)):
        mirror = chosen[index]
        if mirror < len(walls):
            starts[index], along[index] = walls[mirror, :2], walls[mirror, 2:]
            continue
        row, side = rows[moving], 1.0 - 2.0 * ((mirror - len(walls)) % 2)
        moving += 1
        for time in range(positions.shape[1]):
            # The left side is described from the tail to the nose: the outside is on the left of the direction.
            x, y = np.cos(headings[row, time]) * side, np.sin(headings[row, time]) * side
            half = traits[mirror, 0] / 2
            starts[index, time, 0] = positions[row, time, 0] - y * half_widths[row] - x * half
            starts[index, time, 1] = positions[row, time, 1] + x * half_widths[row] - y * half
            along[index, time, 0], along[index, time, 1] = x, y
