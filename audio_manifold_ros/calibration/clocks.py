# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Whether all channels of an array have one clock: two sound devices do not, and no fixed delay can join them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

LEAST_PPM, SIGMAS = 0.5, 5.0


def drifting_channels(drift_ppm: Array, std_ppm: Array, least_ppm: float = LEAST_PPM) -> tuple[int, ...]:
    """Return the channels whose clock is another than that of most.

    Args:
        drift_ppm: How fast each falls behind the median (channel,).
        std_ppm: Standard deviation of these (channel,).
        least_ppm: Drift that is not worth mention.

    """
    away = np.abs(drift_ppm - np.median(drift_ppm))
    return tuple(np.flatnonzero(away > np.maximum(SIGMAS * std_ppm, least_ppm)).tolist())
