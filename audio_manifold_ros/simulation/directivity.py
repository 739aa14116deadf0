# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How strongly a microphone hears a direction: everything alike below the split, its own side above."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

LOW_OMNI = 1.0
HIGH_OMNI = 0.6


def directivity(cosine: Array, omni: float) -> Array:
    """Return a + (1 − a) · cos θ: a first-order pattern with gain 1 straight ahead."""
    return omni + (1 - omni) * cosine


def high_gain(offset_m: Array, facings: Array) -> Array:
    """Return the gain (mic, …) above the split for sources at offsets (mic, …, 3) from microphones facing (mic, 3)."""
    distance = np.sqrt(np.einsum('...i,...i->...', offset_m, offset_m))
    along = np.einsum('m...i,mi->m...', offset_m, facings)
    return directivity(along / np.maximum(distance, 1e-9), HIGH_OMNI)
