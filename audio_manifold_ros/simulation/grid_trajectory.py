# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Motion of an object that is given on a uniform time grid."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from audio_manifold_ros.common.array_types import FloatArray
from audio_manifold_ros.simulation.compiled import compiled


@dataclass(frozen=True, eq=False)
class GridTrajectory:
    """Motion between knots. Positions are cubic Hermite interpolants, and motion at constant acceleration is exact.

    Before the first knot and after the last knot the motion is uniform.

    Attributes:
        positions_m: Positions (knot, 3) in the world. There are at least two knots.
        velocities_mps: Velocities (knot, 3).
        accelerations_mps2: Accelerations (knot, 3).
        headings_rad: Direction (knot,) of the nose, from x to the left, without jumps of 2π.
        start_s: Time of the first knot.
        step_s: Time between knots.

    """

    positions_m: FloatArray
    velocities_mps: FloatArray
    accelerations_mps2: FloatArray
    headings_rad: FloatArray
    start_s: float
    step_s: float

    def position(self, time_s: FloatArray) -> FloatArray:
        """Return the positions (time, 3)."""
        return np.asarray(self._interpolated(time_s)[0])

    def velocity(self, time_s: FloatArray) -> FloatArray:
        """Return the velocities (time, 3), the derivatives of the positions."""
        return np.asarray(self._interpolated(time_s)[1])

    def acceleration(self, time_s: FloatArray) -> FloatArray:
        """Return the accelerations (time, 3), linear between knots and zero beyond them."""
        times = np.ascontiguousarray(time_s, dtype=np.float64)
        out = np.empty((len(times), 3))
        _accelerate(np.ascontiguousarray(self.accelerations_mps2), (self.start_s, self.step_s), times, out)
        return out

    def heading(self, time_s: FloatArray) -> FloatArray:
        """Return the directions (time,) of the nose, linear between knots."""
        steps = (np.asarray(time_s, dtype=np.float64) - self.start_s) / self.step_s
        return np.asarray(np.interp(steps, np.arange(len(self.headings_rad)), self.headings_rad))

    def ahead(self, distance_m: float) -> GridTrajectory:
        """Return the motion of a point of the object ahead of its centre, for a straight line."""
        nose = np.stack(
            [np.cos(self.headings_rad), np.sin(self.headings_rad), np.zeros(len(self.headings_rad))], axis=1
        )
        return replace(self, positions_m=self.positions_m + distance_m * nose)

    def __eq__(self, other: object) -> bool:
        """Return whether all knots are equal."""
        return isinstance(other, GridTrajectory) and self._key == other._key

    def __hash__(self) -> int:
        """Return a hash of all knots."""
        return hash(self._key)

    @cached_property
    def _key(self) -> tuple[float | bytes, ...]:
        arrays = (self.positions_m, self.velocities_mps, self.accelerations_mps2, self.headings_rad)
        return (self.start_s, self.step_s, *(array.tobytes() for array in arrays))

    def _interpolated(self, time_s: FloatArray) -> FloatArray:
        """Return positions and velocities (2, time, 3)."""
        times = np.ascontiguousarray(time_s, dtype=np.float64)
        out = np.empty((2, len(times), 3))
        positions, velocities = (np.ascontiguousarray(one) for one in (self.positions_m, self.velocities_mps))
        _interpolate(positions, velocities, (self.start_s, self.step_s), times, out)
        return out


@compiled('UniTuple(f8, 2)(f8, f8, UniTuple(f8, 2), UniTuple(f8, 2))')
def hermite(
    u: float, step_s: float, positions: tuple[float, float], velocities: tuple[float, float]
) -> tuple[float, float]:
    """Return the distance from the first of two knots and the velocity of the cubic between them.

    Args:
        u: Fraction of the step from the first knot, 0 to 1.
        step_s: Time between the knots.
        positions: Positions at the knots.
        velocities: Velocities at the knots.

    """
    chord = positions[1] - positions[0]
    leaving, arriving = velocities
    moved = u * u * (3 - 2 * u) * chord + step_s * u * (1 - u) * ((1 - u) * leaving - u * arriving)
    return moved, 6 * u * (1 - u) * chord / step_s + (1 - u) * (1 - 3 * u) * leaving + u * (3 * u - 2) * arriving


@compiled('void(f8[:, ::1], f8[:, ::1], UniTuple(f8, 2), f8[::1], f8[:, :, ::1])')
def _interpolate(
    positions: FloatArray, velocities: FloatArray, grid: tuple[float, float], times: FloatArray, out: FloatArray
) -> None:
    last = len(positions) - 1
    for row in range(len(times)):
        steps = (times[row] - grid[0]) / grid[1]
        within = min(max(steps, 0.0), float(last))
        knot = min(int(within), last - 1)
        u = within - knot
        beyond_s = (steps - within) * grid[1]
        for axis in range(3):
            ends = positions[knot, axis], positions[knot + 1, axis]
            moved, speed = hermite(u, grid[1], ends, (velocities[knot, axis], velocities[knot + 1, axis]))
            out[0, row, axis] = positions[knot, axis] + moved + beyond_s * speed
            out[1, row, axis] = speed


@compiled('void(f8[:, ::1], UniTuple(f8, 2), f8[::1], f8[:, ::1])')
def _accelerate(accelerations: FloatArray, grid: tuple[float, float], times: FloatArray, out: FloatArray) -> None:
    last = len(accelerations) - 1
    for row in range(len(times)):
        steps = (times[row] - grid[0]) / grid[1]
        knot = min(max(int(steps), 0), last - 1)
        share = steps - knot
        for axis in range(3):
            begin, end = accelerations[knot, axis], accelerations[knot + 1, axis]
            out[row, axis] = begin + share * (end - begin) if 0 <= steps <= last else 0.0
