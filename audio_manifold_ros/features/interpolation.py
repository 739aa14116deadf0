# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Resizing of images: linear interpolation with half-pixel centres, or the nearest pixel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from audio_manifold_ros.features.spec import Resize


def neighbours(
    size: int, new_size: int, mode: Resize = 'linear'
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Return the two source pixels of each new pixel of an axis, and the weight of the second, (new_size,).

    `linear`: pixel i covers [i, i + 1), and its centre is i + 0.5. The outermost pixels are repeated beyond the
    border. Only the two neighbours are averaged: 256 → 128 is the mean of pairs. `nearest`: the pixel in which the
    new one starts, as in torch's `interpolate`: 256 → 128 takes every second pixel and drops the others.
    """
    if mode == 'nearest':
        begins = np.arange(new_size, dtype=np.int64) * size // new_size
        return begins, begins, np.zeros(new_size)
    centres = (np.arange(new_size) + 0.5) * size / new_size - 0.5
    left = np.floor(centres).astype(np.int64)
    return np.clip(left, 0, size - 1), np.clip(left + 1, 0, size - 1), centres - left


def resize_matrix(size: int, new_size: int, mode: Resize = 'linear') -> NDArray[np.float32]:
    """Return the matrix (size, new_size) that resizes the last axis of an image from the right."""
    left, right, right_weight = neighbours(size, new_size, mode)
    matrix = np.zeros((size, new_size), dtype=np.float64)
    columns = np.arange(new_size)
    np.add.at(matrix, (left, columns), 1.0 - right_weight)
    np.add.at(matrix, (right, columns), right_weight)
    return matrix.astype(np.float32)


def resize(images: NDArray[np.float32], height: int, width: int, mode: Resize = 'linear') -> NDArray[np.float32]:
    """Return images float32 (…, row, column) as float32 (…, height, width), the same array if the size is the same."""
    rows, columns = images.shape[-2:]
    if rows != height:
        images = resize_matrix(rows, height, mode).T @ images
    if columns != width:
        images = images @ resize_matrix(columns, width, mode)
    return images
