# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Whether all channels of an array have one clock: two sound devices do not, and no fixed delay can join them."""

from __future__ import annotations

import numpy as np

from audio_manifold_ros.common.array_types import FloatArray

MIN_DRIFT_PPM, MIN_SIGMAS = 0.5, 5.0


def find_drifting_channels(drift_ppm: FloatArray, std_ppm: FloatArray) -> tuple[int, ...]:
    """Return the channels that have another clock than the rest: the smaller of two groups, or none.

    Args:
        drift_ppm: How fast each channel falls behind (channel,).
        std_ppm: Standard deviation of these (channel,).

    """
    ranks = np.argsort(drift_ppm, kind='stable')
    if len(ranks) < 2:
        return ()
    cut = int(np.diff(drift_ppm[ranks]).argmax()) + 1
    groups = sorted((ranks[:cut], ranks[cut:]), key=lambda group: (len(group), -int(group.min())))
    separation_ppm = abs(float(np.median(drift_ppm[groups[0]]) - np.median(drift_ppm[groups[1]])))
    max_std_ppm = max(float(np.median(std_ppm[group])) for group in groups)
    return tuple(sorted(groups[0].tolist())) if separation_ppm > max(MIN_SIGMAS * max_std_ppm, MIN_DRIFT_PPM) else ()
