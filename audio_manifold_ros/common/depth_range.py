# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Range of valid depth, for depth images from cameras, teachers and files of other programs."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

# Far above the range of cameras and lidars. Larger values are wrong units or mark invalid pixels.
MAX_DEPTH_M = 10_000.0
# Depth without a scale may be in any steps. Its limit is that of float16, in which drives store it.
MAX_RELATIVE_DEPTH = 65_000.0
DEPTH_RANGE_TEXT = f'above 0 and up to {MAX_DEPTH_M / 1000:g} km'


def valid_depth(depth: NDArray[Any], *, is_metric: bool = True) -> NDArray[np.float32]:
    """Return depth float32 with NaN where it is not finite, not positive, or above the limit.

    Args:
        depth: Depth (row, column).
        is_metric: Whether it is in metres. Otherwise the limit is `MAX_RELATIVE_DEPTH`.

    """
    limit = MAX_DEPTH_M if is_metric else MAX_RELATIVE_DEPTH
    valid = np.array(depth, dtype=np.float32)
    with np.errstate(invalid='ignore'):
        valid[~((valid > 0) & (valid <= limit))] = np.nan
    return valid
