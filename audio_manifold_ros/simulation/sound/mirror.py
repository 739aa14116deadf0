# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Plane mirrors for the noise of the vehicle that carries the array: walls, and sides of other vehicles."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from audio_manifold_ros.common.array_types import FloatArray
from audio_manifold_ros.simulation.scene import Vehicle
from audio_manifold_ros.simulation.sound.image_source_method import Wall

VEHICLE_LOW_GAIN = 0.3
VEHICLE_HIGH_GAIN = 0.6
VEHICLE_EDGE_M = 0.5


class Mirror(Protocol):
    """Vertical reflecting strip as a function of time.

    Attributes:
        length_m: Length of the strip.
        edge_m: Half of the width in which the reflection fades at the ends.
        gains: Amplitudes of the reflection below and above the split.

    """

    length_m: float
    edge_m: float
    gains: tuple[float, float]

    def plane(self, times_s: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return start (time, 2) and direction (time, 2) of the strip. Its left side reflects."""

    def is_near(self, times_s: FloatArray, places_m: FloatArray, reach_m: float) -> bool:
        """Return whether a part of the strip is within reach of places (time, 2) at these times."""


class WallMirror:
    """Static wall."""

    def __init__(self, wall: Wall) -> None:
        """Store the geometry."""
        self._start = np.array(wall.start_m)
        across = np.array(wall.end_m) - self._start
        self.length_m, self.edge_m = float(np.hypot(*across)), wall.edge_m
        self.gains = (wall.low_gain, wall.high_gain)
        self._along = across / self.length_m
        self._middle = self._start + across / 2

    def plane(self, times_s: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return start (time, 2) and direction (time, 2) of the strip."""
        shape = (len(times_s), 2)
        return np.broadcast_to(self._start, shape), np.broadcast_to(self._along, shape)

    def is_near(self, times_s: FloatArray, places_m: FloatArray, reach_m: float) -> bool:
        """Return whether a part of the strip is within reach of places (time, 2)."""
        offsets = self._middle - places_m[: len(times_s)]
        return bool(np.sqrt((offsets * offsets).sum(axis=1).min()) < reach_m + self.length_m / 2)


class VehicleMirror:
    """One side of a vehicle."""

    edge_m = VEHICLE_EDGE_M
    gains = (VEHICLE_LOW_GAIN, VEHICLE_HIGH_GAIN)

    def __init__(self, vehicle: Vehicle, side: int) -> None:
        """Take the left (side 1) or the right (side -1) of the vehicle."""
        self._trajectory, self._side, self.length_m = vehicle.trajectory, side, vehicle.length_m
        self._half_width_m = vehicle.width_m / 2

    def plane(self, times_s: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return start (time, 2) and direction (time, 2) of the strip."""
        centre = np.asarray(self._trajectory.position(times_s))[:, :2]
        yaw = self._trajectory.heading(times_s)
        # The left side is described from the nose to the tail, so that the outside is on the left of the direction.
        along = np.stack([np.cos(yaw), np.sin(yaw)], axis=1) * self._side
        left = np.stack([-along[:, 1], along[:, 0]], axis=1)
        return centre + left * self._half_width_m - along * (self.length_m / 2), along

    def is_near(self, times_s: FloatArray, places_m: FloatArray, reach_m: float) -> bool:
        """Return whether a part of the strip is within reach of places (time, 2)."""
        offsets = np.asarray(self._trajectory.position(times_s))[:, :2] - places_m
        return bool(np.sqrt((offsets * offsets).sum(axis=1).min()) < reach_m)
