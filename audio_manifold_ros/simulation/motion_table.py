# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Motion of many objects at many times in one call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.array_types import FloatArray
from audio_manifold_ros.simulation.grid_trajectory import GridTrajectory
from audio_manifold_ros.simulation.sound.compiled import compiled
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
        knots: list[tuple[FloatArray, FloatArray, FloatArray]] = []
        self._grids = np.zeros((len(trajectories), 2))
        self._spans: NDArray[np.int64] = np.zeros((len(trajectories), 2), dtype=np.int64)
        first = 0
        for index, motion in enumerate(trajectories):
            if isinstance(motion, GridTrajectory):
                knots.append((motion.positions_m, motion.velocities_mps, motion.headings_rad))
                self._grids[index] = motion.start_s, motion.step_s
            elif isinstance(motion, StraightTrajectory):
                knots.append((np.array([motion.origin_m]), np.array([motion.velocity_mps]), motion.heading(_ZERO)))
            else:
                self._others.append((index, motion))
                continue
            count = len(knots[-1][0])
            self._spans[index] = first, count
            first += count
        columns = zip(*knots, strict=True) if knots else ((np.zeros((0, 3)),), (np.zeros((0, 3)),), (np.zeros(0),))
        self._positions, self._velocities, self._headings = (
            np.concatenate(column, dtype=np.float64) for column in columns
        )

    def at(self, times_s: FloatArray, chosen: Sequence[int] | NDArray[np.intp] | None = None) -> Motions:
        """Return the motion of the chosen objects (object,), or of all, at times (time,)."""
        indices = np.arange(len(self._spans)) if chosen is None else np.asarray(chosen, dtype=np.int64)
        times = np.ascontiguousarray(times_s, dtype=np.float64)
        vectors = np.empty((2, len(indices), len(times), 3))
        headings = np.empty((len(indices), len(times)))
        _sample(
            self._positions, self._velocities, self._headings, self._grids, self._spans, indices, times, vectors,
            headings,
        )  # fmt: skip
        for index, motion in self._others:
            for row in np.flatnonzero(indices == index):
                vectors[0, row], vectors[1, row] = motion.position(times), motion.velocity(times)
                headings[row] = motion.heading(times)
        return Motions(vectors[0], vectors[1], headings)


_ZERO = np.zeros(1)


@compiled(
    'void(f8[:, ::1], f8[:, ::1], f8[::1], f8[:, ::1], i8[:, ::1], i8[::1], f8[::1], f8[:, :, :, ::1], f8[:, ::1])'
)
def _sample(
    positions: FloatArray,
    velocities: FloatArray,
    headings: FloatArray,
    grids: FloatArray,
    spans: NDArray[np.int64],
    chosen: NDArray[np.int64],
    times: FloatArray,
    vectors: FloatArray,
    noses: FloatArray,
) -> None:
    for row in range(len(chosen)):
        first, last = spans[chosen[row], 0], spans[chosen[row], 1] - 1
        start_s, step_s = grids[chosen[row], 0], grids[chosen[row], 1]
        for time in range(len(times)):
            if last < 0:
                break
            if last == 0:
                noses[row, time] = headings[first]
                for axis in range(3):
                    vectors[0, row, time, axis] = positions[first, axis] + times[time] * velocities[first, axis]
                    vectors[1, row, time, axis] = velocities[first, axis]
                continue
            steps = (times[time] - start_s) / step_s
            within = min(max(steps, 0.0), float(last))
            at = min(int(within), last - 1)
            u = within - at
            beyond_s = (steps - within) * step_s
            rise = u * u * (3 - 2 * u)
            knot = first + at
            noses[row, time] = headings[knot] + u * (headings[knot + 1] - headings[knot])
            for axis in range(3):
                chord = positions[knot + 1, axis] - positions[knot, axis]
                leaving, arriving = velocities[knot, axis], velocities[knot + 1, axis]
                speed = 6 * u * (1 - u) * chord / step_s + (1 - u) * (1 - 3 * u) * leaving + u * (3 * u - 2) * arriving
                moved = rise * chord + step_s * u * (1 - u) * ((1 - u) * leaving - u * arriving)
                vectors[0, row, time, axis] = positions[knot, axis] + moved + beyond_s * speed
                vectors[1, row, time, axis] = speed
