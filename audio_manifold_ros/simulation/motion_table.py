# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Motion of many objects at many times in one call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.array_types import FloatArray
from audio_manifold_ros.simulation.compiled import compiled
from audio_manifold_ros.simulation.grid_trajectory import GridTrajectory, hermite
from audio_manifold_ros.simulation.trajectory import StraightTrajectory, Trajectory


@dataclass(frozen=True)
class Motions:
    """Motion of some objects at some times.

    Attributes:
        positions_m: Positions (object, time, 3).
        velocities_mps: Velocities (object, time, 3).
        headings_rad: Directions (object, time) of the nose.

    """

    positions_m: FloatArray
    velocities_mps: FloatArray
    headings_rad: FloatArray


class MotionTable:
    """Trajectories of many objects, with all their knots in one table."""

    def __init__(self, trajectories: Sequence[Trajectory]) -> None:
        """Stack the knots. A straight trajectory is one knot."""
        self._others: list[tuple[int, Trajectory]] = []
        self._grids = np.zeros((len(trajectories), 2))
        self._spans: NDArray[np.int64] = np.zeros((len(trajectories), 2), dtype=np.int64)
        tables: list[FloatArray] = [np.zeros((0, 7))]
        first = 0
        for index, motion in enumerate(trajectories):
            if isinstance(motion, GridTrajectory):
                columns = (motion.positions_m, motion.velocities_mps, motion.headings_rad[:, None])
                self._grids[index] = motion.start_s, motion.step_s
                tables.append(np.concatenate(columns, axis=1))
            elif isinstance(motion, StraightTrajectory):
                heading_rad = float(motion.heading(np.zeros(1))[0])
                tables.append(np.array([[*motion.origin_m, *motion.velocity_mps, heading_rad]]))
            else:
                self._others.append((index, motion))
                continue
            self._spans[index] = first, len(tables[-1])
            first += len(tables[-1])
        self._knots = np.concatenate(tables)

    def at(self, times_s: FloatArray, chosen: Sequence[int] | NDArray[np.intp] | None = None) -> Motions:
        """Return the motion of the chosen objects (object,), or of all, at times (time,)."""
        indices = np.arange(len(self._spans)) if chosen is None else np.asarray(chosen, dtype=np.int64)
        times = np.ascontiguousarray(times_s, dtype=np.float64)
        vectors = np.empty((2, len(indices), len(times), 3))
        headings = np.empty((len(indices), len(times)))
        _sample(self._knots, self._grids, self._spans, indices, times, vectors, headings)
        for index, motion in self._others:
            for row in np.flatnonzero(indices == index):
                vectors[0, row], vectors[1, row] = motion.position(times), motion.velocity(times)
                headings[row] = motion.heading(times)
        return Motions(vectors[0], vectors[1], headings)

    def poses(self, time_s: float) -> FloatArray:
        """Return x, y, heading, and velocity along x and y (object, 5) at a time."""
        motions = self.at(np.array([time_s]))
        positions, velocities = motions.positions_m[:, 0, :2], motions.velocities_mps[:, 0, :2]
        return np.concatenate([positions, motions.headings_rad, velocities], axis=1)


@compiled('void(f8[:, ::1], f8[:, ::1], i8[:, ::1], i8[::1], f8[::1], f8[:, :, :, ::1], f8[:, ::1])')
def _sample(
    knots: FloatArray,
    grids: FloatArray,
    spans: NDArray[np.int64],
    chosen: NDArray[np.int64],
    times: FloatArray,
    vectors: FloatArray,
    headings: FloatArray,
) -> None:
    for row in range(len(chosen)):
        first, last = spans[chosen[row], 0], spans[chosen[row], 1] - 1
        start_s, step_s = grids[chosen[row], 0], grids[chosen[row], 1]
        for time in range(len(times)):
            if last < 0:
                break
            if last == 0:
                headings[row, time] = knots[first, 6]
                for axis in range(3):
                    vectors[0, row, time, axis] = knots[first, axis] + times[time] * knots[first, 3 + axis]
                    vectors[1, row, time, axis] = knots[first, 3 + axis]
                continue
            steps = (times[time] - start_s) / step_s
            within = min(max(steps, 0.0), float(last))
            at = min(int(within), last - 1)
            u = within - at
            beyond_s = (steps - within) * step_s
            here, there = knots[first + at], knots[first + at + 1]
            headings[row, time] = here[6] + u * (there[6] - here[6])
            for axis in range(3):
                moved, speed = hermite(u, step_s, (here[axis], there[axis]), (here[3 + axis], there[3 + axis]))
                vectors[0, row, time, axis] = here[axis] + moved + beyond_s * speed
                vectors[1, row, time, axis] = speed
