# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Directivity of the microphones: omnidirectional below the split, first-order above."""

from __future__ import annotations

from audio_manifold_ros.common.array_types import FloatArray

LOW_OMNI = 1.0
HIGH_OMNI = 0.6


def directivity(cosine: FloatArray, omni: float) -> FloatArray:
    """Return a + (1 − a) · cos θ, a first-order pattern with gain 1 at the front."""
    return omni + (1 - omni) * cosine
