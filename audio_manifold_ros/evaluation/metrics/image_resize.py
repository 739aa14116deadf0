# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Images of one size brought to another."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.evaluation.metrics.depth_metrics import fill_invalid_with_far


def resize_nearest(image: NDArray[Any], rows: int, columns: int) -> NDArray[Any]:
    """Return an image of another size by its nearest pixels: no depth, and no class, that is not in the image.

    Args:
        image: (row, column), of any type.
        rows: Rows of the result.
        columns: Columns of the result.

    """
    if image.shape == (rows, columns):
        return image
    row = ((np.arange(rows) + 0.5) * image.shape[0] / rows).astype(np.intp)
    column = ((np.arange(columns) + 0.5) * image.shape[1] / columns).astype(np.intp)
    return np.ascontiguousarray(image[row[:, None], column])


def resize_depth_bilinear(depth_m: NDArray[np.floating[Any]], rows: int, columns: int) -> NDArray[np.float32]:
    """Return a predicted depth image of another size, bilinear between its pixels; NaN counts as 80 m."""
    import cv2

    filled = fill_invalid_with_far(depth_m.astype(np.float32))
    return np.asarray(cv2.resize(filled, (columns, rows), interpolation=cv2.INTER_LINEAR), dtype=np.float32)
