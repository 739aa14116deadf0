# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Directivity of the microphones: omnidirectional below the split, first-order above."""

from __future__ import annotations

import numpy as np

from audio_manifold_ros.common.array_types import FloatArray

LOW_OMNI = 1.0
HIGH_OMNI = 0.6


def directivity(cosine: FloatArray, omni: float) -> FloatArray:
    """Return a + (1 − a) · cos θ, a first-order pattern with gain 1 at the front."""
    return omni + (1 - omni) * cosine


def high_gain(ahead_m: FloatArray, across_m: FloatArray, up_m: FloatArray, facings: FloatArray) -> FloatArray:
    """Return the gain (mic, …) above the split.

    Args:
        ahead_m: Vector from microphone to source along x (mic, n).
        across_m: The same along y (mic, 1) or (mic, n).
        up_m: The same along z.
        facings: Unit vectors (mic, 3).

    """
    distance = np.sqrt(ahead_m**2 + across_m**2 + up_m**2)
    along = ahead_m * facings[:, :1] + across_m * facings[:, 1:2] + up_m * facings[:, 2:]
    return directivity(along / np.maximum(distance, 1e-9), HIGH_OMNI)
