# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Vehicle that carries array and camera."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from audio_manifold_ros.common.array_types import FloatArray
from audio_manifold_ros.simulation.trajectory import Trajectory


@dataclass(frozen=True)
class Ego:
    """Vehicle that carries array and camera.

    Attributes:
        trajectory: Motion of base_link.
        yaw_rad: Yaw of the body relative to the heading of the trajectory (small).
        electric: True without propulsion noise.
        engine_hz: Firing frequency of the engine.
        level_offset_db: Individual deviation of the ego noise.

    """

    trajectory: Trajectory
    yaw_rad: float
    electric: bool
    engine_hz: float
    level_offset_db: float

    @property
    def y_m(self) -> float:
        """Position of base_link along y at time zero."""
        return float(self.position_m(0.0)[1])

    def position_m(self, time_s: float) -> FloatArray:
        """Return the position of base_link (3,) in the world, on the ground."""
        return np.asarray(self.trajectory.position(np.array([time_s]))[0])

    def to_world(self, points_m: FloatArray, time_s: float) -> FloatArray:
        """Transform points (n, 3) from base_link to the world at a time."""
        return points_m @ self.rotation(time_s).T + self.position_m(time_s)

    def heading(self, time_s: FloatArray) -> FloatArray:
        """Return the yaw of the body (time,) in radians at these times (time,)."""
        return np.asarray(self.trajectory.heading(time_s) + self.yaw_rad)

    def rotation(self, time_s: float = 0.0) -> FloatArray:
        """Return the rotation (3, 3) from base_link to world."""
        yaw_rad = float(self.heading(np.array([time_s]))[0])
        c, s = np.cos(yaw_rad), np.sin(yaw_rad)
        return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])
