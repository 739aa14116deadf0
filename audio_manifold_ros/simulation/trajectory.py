# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Motion of an object as a function of time: the contract between scene, acoustics and images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from audio_manifold_ros.common.array_types import FloatArray


class Trajectory(Protocol):
    """Motion of the reference point of an object in the world: the centre of its footprint, on the ground.

    The acoustics evaluate a trajectory on a grid of a few milliseconds and treat the motion as uniform between two
    points of it. A trajectory must therefore be smooth: its acceleration is at most some 10 m/s².
    """

    def position(self, time_s: FloatArray) -> FloatArray:
        """Return the positions (time, 3) in metres at these times (time,)."""

    def velocity(self, time_s: FloatArray) -> FloatArray:
        """Return the velocities (time, 3) in metres per second."""

    def acceleration(self, time_s: FloatArray) -> FloatArray:
        """Return the accelerations (time, 3) in metres per square second."""

    def heading(self, time_s: FloatArray) -> FloatArray:
        """Return the directions (time,) of the nose in radians, from x to the left."""


@dataclass(frozen=True)
class StraightTrajectory:
    """Uniform motion on a straight line.

    Attributes:
        origin_m: Position (3,) at time zero.
        velocity_mps: Velocity (3,).
        heading_rad: Direction of the nose; None for the direction of the velocity.

    """

    origin_m: tuple[float, float, float]
    velocity_mps: tuple[float, float, float] = (0.0, 0.0, 0.0)
    heading_rad: float | None = None

    def position(self, time_s: FloatArray) -> FloatArray:
        """Return the positions (time, 3)."""
        return np.asarray(self.origin_m + np.asarray(time_s)[:, None] * np.array(self.velocity_mps))

    def velocity(self, time_s: FloatArray) -> FloatArray:
        """Return the velocities (time, 3)."""
        velocities = np.empty((len(time_s), 3))
        velocities[:] = self.velocity_mps
        return velocities

    def acceleration(self, time_s: FloatArray) -> FloatArray:
        """Return the accelerations (time, 3), which are zero."""
        return np.zeros((len(time_s), 3))

    def heading(self, time_s: FloatArray) -> FloatArray:
        """Return the directions (time,) of the nose."""
        ahead, left, _ = self.velocity_mps
        return np.full(len(time_s), np.arctan2(left, ahead) if self.heading_rad is None else self.heading_rad)
