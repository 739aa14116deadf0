# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Rays of the pixels of an image."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from audio_manifold_ros.rig.camera import CameraModel


@lru_cache(maxsize=8)
def pixel_rays(camera: CameraModel, height: int, width: int) -> NDArray[np.float32]:
    """Return the ray of each pixel of an image with the field of view of a camera.

    Args:
        camera: Intrinsics at any resolution.
        height: Rows of the image.
        width: Columns of the image.

    Returns:
        float32 (row, column, 3), read-only: x, y and z in the optical frame, with z = 1. Depth in metres times a ray
        is the position of its point.

    """
    model = camera.resized(height, width)
    rays = np.ones((height, width, 3), dtype=np.float32)
    rays[..., 0] = (np.arange(width) - model.cx) / model.fx
    rays[..., 1] = ((np.arange(height) - model.cy) / model.fy)[:, None]
    rays.flags.writeable = False
    return rays
