# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Linear interpolation of images with half-pixel centres."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def resize_matrix(size: int, new_size: int) -> NDArray[np.float32]:
    """Return the matrix (size, new_size) that resizes the last axis of an image from the right.

    Pixel i covers [i, i + 1), its centre is i + 0.5; the outermost pixels are repeated beyond the border. Nothing
    is averaged beyond the two neighbours: 256 → 128 is the mean of pairs.
    """
    centres = (np.arange(new_size) + 0.5) * size / new_size - 0.5
    left = np.floor(centres).astype(np.int64)
    right_weight = centres - left
    matrix = np.zeros((size, new_size), dtype=np.float64)
    columns = np.arange(new_size)
    np.add.at(matrix, (np.clip(left, 0, size - 1), columns), 1.0 - right_weight)
    np.add.at(matrix, (np.clip(left + 1, 0, size - 1), columns), right_weight)
    return matrix.astype(np.float32)


def resize(images: NDArray[np.float32], height: int, width: int) -> NDArray[np.float32]:
    """Return images float32 (…, row, column) as float32 (…, height, width)."""
    rows, columns = images.shape[-2:]
    by_rows: NDArray[np.float32] = resize_matrix(rows, height).T @ images
    resized: NDArray[np.float32] = by_rows @ resize_matrix(columns, width)
    return resized
