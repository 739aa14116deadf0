# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Poses of many moving objects at one instant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from audio_manifold_ros.common.array_types import FloatArray
from audio_manifold_ros.simulation.grid_trajectory import GridTrajectory
from audio_manifold_ros.simulation.trajectory import Trajectory


@dataclass(frozen=True)
class _Stack:
    """Trajectories on one time grid: knots (knot, object, 2) and headings (knot, object)."""

    objects: list[int]
    positions_m: FloatArray
    velocities_mps: FloatArray
    headings_rad: FloatArray
    start_s: float
    step_s: float

    def at(self, time_s: float) -> FloatArray:
        """Return x, y, heading, and velocity along x and y (object, 5)."""
        last = len(self.positions_m) - 1
        steps = (time_s - self.start_s) / self.step_s
        within = min(max(steps, 0.0), float(last))
        index = min(int(within), last - 1)
        u, beyond_s = within - index, (steps - within) * self.step_s
        begin, end = self.positions_m[index], self.positions_m[index + 1]
        leaving, arriving = self.velocities_mps[index], self.velocities_mps[index + 1]
        moved = u * u * (3 - 2 * u) * (end - begin) + self.step_s * u * (1 - u) * ((1 - u) * leaving - u * arriving)
        slope = 6 * u * (1 - u) / self.step_s * (end - begin)
        velocity = slope + (1 - u) * (1 - 3 * u) * leaving + u * (3 * u - 2) * arriving
        heading = self.headings_rad[index] + u * (self.headings_rad[index + 1] - self.headings_rad[index])
        return np.concatenate([begin + moved + beyond_s * velocity, heading[:, None], velocity], axis=1)


class MovingPoses:
    """Poses of all objects of a street at any instant.

    Trajectories on one time grid are evaluated together. Objects at rest are evaluated once.
    """

    def __init__(self, trajectories: Sequence[Trajectory]) -> None:
        """Stack the knots of all trajectories on a time grid."""
        self._rest = np.zeros((len(trajectories), 5))
        self._single: list[tuple[int, Trajectory]] = []
        grids: dict[tuple[float, float, int], list[tuple[int, GridTrajectory]]] = {}
        for i, motion in enumerate(trajectories):
            if isinstance(motion, GridTrajectory):
                grids.setdefault((motion.start_s, motion.step_s, len(motion.headings_rad)), []).append((i, motion))
            else:
                self._rest[i] = _pose(motion, 0.0)
                if self._rest[i, 3:].any():
                    self._single.append((i, motion))
        self._stacks = [
            _Stack(
                [i for i, _ in members],
                np.stack([motion.positions_m[:, :2] for _, motion in members], axis=1),
                np.stack([motion.velocities_mps[:, :2] for _, motion in members], axis=1),
                np.stack([motion.headings_rad for _, motion in members], axis=1),
                start_s,
                step_s,
            )
            for (start_s, step_s, _), members in grids.items()
        ]

    def at(self, time_s: float) -> FloatArray:
        """Return x, y, heading, and velocity along x and y (object, 5) at a time."""
        poses = self._rest.copy()
        for i, motion in self._single:
            poses[i] = _pose(motion, time_s)
        for stack in self._stacks:
            poses[stack.objects] = stack.at(time_s)
        return poses


def _pose(motion: Trajectory, time_s: float) -> FloatArray:
    times = np.array([time_s])
    position, velocity = motion.position(times)[0, :2], motion.velocity(times)[0, :2]
    return np.concatenate([position, motion.heading(times), velocity])
