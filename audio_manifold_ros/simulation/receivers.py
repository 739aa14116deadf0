# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The microphones as the street sees them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from audio_manifold_ros.common.array_types import FloatArray


@dataclass(frozen=True)
class Receivers:
    """The microphones, all moving alike along x.

    Attributes:
        centre_m: Middle of the array at time zero (3,).
        offsets_m: Microphones from there (mic, 3), in the world's axes.
        facings: Unit vectors (mic, 3) in the world's axes.
        speed_mps: Along x.

    """

    centre_m: FloatArray
    offsets_m: FloatArray
    facings: FloatArray
    speed_mps: float

    @property
    def y_m(self) -> float:
        """Return the middle of the array across the road."""
        return float(self.centre_m[1])

    def x_m(self, times_s: FloatArray) -> FloatArray:
        """Return the middle of the array along the road (time,)."""
        return np.asarray(self.centre_m[0] + times_s * self.speed_mps)
