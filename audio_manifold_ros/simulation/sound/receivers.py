# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Microphones as moving receivers in the street."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from audio_manifold_ros.common.array_types import FloatArray


@dataclass(frozen=True)
class Receivers:
    """Microphones that move together along x.

    Attributes:
        centre_m: Centre of the array at time zero (3,).
        offsets_m: Positions of the microphones relative to the centre (mic, 3), in the axes of the world.
        facings: Unit vectors (mic, 3) in the axes of the world.
        speed_mps: Speed along x.

    """

    centre_m: FloatArray
    offsets_m: FloatArray
    facings: FloatArray
    speed_mps: float

    @property
    def y_m(self) -> float:
        """Return the centre of the array across the road."""
        return float(self.centre_m[1])

    def x_m(self, times_s: FloatArray) -> FloatArray:
        """Return the centre of the array along the road (time,)."""
        return np.asarray(self.centre_m[0] + times_s * self.speed_mps)
