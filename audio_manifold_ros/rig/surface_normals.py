# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Unit normals of the surfaces in a depth image, by a plane through the neighbourhood of each pixel.

The inverse depth of a plane is a linear function of row and column. A least-squares fit of that function to 3 x 3
pixels therefore gives the exact normal of a plane at any slope.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.rig.camera import CameraModel

# Largest deviation of a neighbour from the plane, relative to the inverse depth of the pixel. Beyond it, the
# neighbourhood is a depth discontinuity: a jump from 10 m to 12 m has a deviation of 5.6 %.
MAX_DEVIATION = 0.05
OFFSETS = (-1, 0, 1)


def surface_normals(depth_m: NDArray[np.floating[Any]], camera: CameraModel) -> NDArray[np.float32]:
    """Return the normal of the surface in each pixel, in the optical frame of the camera (right, down, forward).

    A factor common to all depths does not change the normals, so depth of unknown scale has normals, too.

    Args:
        depth_m: (row, column), depth along the optical axis, NaN invalid.
        camera: Pinhole camera. It is scaled to the size of the image.

    Returns:
        float32 (row, column, 3), unit vectors that point out of the surface, towards the camera. NaN in the outermost
        pixels, where a pixel of the neighbourhood is invalid, and at depth discontinuities.

    """
    rows, columns = depth_m.shape
    scale_x, scale_y = columns / camera.width, rows / camera.height
    fx, fy = camera.fx * scale_x, camera.fy * scale_y
    right = np.arange(columns) - ((camera.cx + 0.5) * scale_x - 0.5)
    down = np.arange(rows) - ((camera.cy + 0.5) * scale_y - 0.5)
    normals = np.full((rows, columns, 3), np.nan, dtype=np.float32)
    if min(rows, columns) < len(OFFSETS):
        return normals
    with np.errstate(divide='ignore', invalid='ignore'):
        inverse = 1 / depth_m.astype(np.float64)
        inverse[~((inverse > 0) & np.isfinite(inverse))] = np.nan
        around = {(i, j): _shifted(inverse, i, j) for i in OFFSETS for j in OFFSETS}
        mean = sum(around.values()) / len(around)
        slope_x = sum(j * values for (_, j), values in around.items()) / 6
        slope_y = sum(i * values for (i, _), values in around.items()) / 6
        deviation = np.max(
            [np.abs(values - (mean + j * slope_x + i * slope_y)) for (i, j), values in around.items()], axis=0
        )
        vectors = -np.stack(
            [fx * slope_x, fy * slope_y, mean - right[1:-1] * slope_x - down[1:-1, None] * slope_y], axis=-1
        )
        vectors /= np.linalg.norm(vectors, axis=-1, keepdims=True)
        vectors[~(deviation <= MAX_DEVIATION * around[0, 0])] = np.nan
    normals[1:-1, 1:-1] = vectors
    return normals


def _shifted(image: NDArray[np.float64], i: int, j: int) -> NDArray[np.float64]:
    rows, columns = image.shape
    return image[1 + i : rows - 1 + i, 1 + j : columns - 1 + j]
