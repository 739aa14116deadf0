# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The microphones as the street sees them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Receivers:
    """The microphones, all moving alike.

    Attributes:
        centre_m: Middle of the array at time zero (3,).
        offsets_m: Microphones from there (mic, 3), in the world's axes.
        facings: Unit vectors (mic, 3) in the world's axes.
        velocity_mps: (3,).

    """

    centre_m: Array
    offsets_m: Array
    facings: Array
    velocity_mps: Array

    def at(self, times_s: Array) -> Array:
        """Return the middle of the array (time, 3)."""
        return self.centre_m + times_s[:, None] * self.velocity_mps
