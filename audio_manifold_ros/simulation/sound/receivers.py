# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Microphones as moving receivers in the street."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from audio_manifold_ros.common.array_types import FloatArray
from audio_manifold_ros.simulation.trajectory import Trajectory


@dataclass(frozen=True)
class ReceiverMotion:
    """Microphones at some times.

    Attributes:
        times_s: Times (time,).
        base_m: Positions of base_link (time, 3).
        positions_m: Positions of the centre and of each microphone (1 + mic, time, 3).
        facings: Unit vectors (mic, time, 3).

    """

    times_s: FloatArray
    base_m: FloatArray
    positions_m: FloatArray
    facings: FloatArray

    @property
    def centre_m(self) -> FloatArray:
        """Centre of the array (time, 3)."""
        return np.asarray(self.positions_m[0])


@dataclass(frozen=True)
class Receivers:
    """Microphones on a car.

    Attributes:
        trajectory: Motion of base_link.
        heading: Function that returns the yaw of the body (time,) at times (time,).
        centre_m: Centre of the array in base_link (3,).
        offsets_m: Positions of the microphones relative to the centre (mic, 3), in the axes of the car.
        facings: Unit vectors (mic, 3) in the axes of the car.

    """

    trajectory: Trajectory
    heading: Callable[[FloatArray], FloatArray]
    centre_m: FloatArray
    offsets_m: FloatArray
    facings: FloatArray

    def at(self, times_s: FloatArray) -> ReceiverMotion:
        """Return the microphones at these times (time,)."""
        base = np.asarray(self.trajectory.position(times_s))
        places = np.concatenate([self.centre_m[None], self.centre_m + self.offsets_m])
        return ReceiverMotion(
            np.ascontiguousarray(times_s, dtype=np.float64),
            base,
            np.ascontiguousarray(base + self.rotate(places, times_s)),
            np.ascontiguousarray(self.rotate(self.facings, times_s)),
        )

    def rotate(self, vectors: FloatArray, times_s: FloatArray) -> FloatArray:
        """Return vectors (n, 3) in the axes of the car as vectors (n, time, 3) in the axes of the world."""
        yaw = self.heading(times_s)
        cos, sin = np.cos(yaw), np.sin(yaw)
        x, y = vectors[:, :1], vectors[:, 1:2]
        turned = np.empty((len(vectors), len(yaw), 3))
        turned[:, :, 0] = cos * x - sin * y
        turned[:, :, 1] = sin * x + cos * y
        turned[:, :, 2] = vectors[:, 2:]
        return turned
