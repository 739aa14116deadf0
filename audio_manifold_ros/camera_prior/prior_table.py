# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Prior table: what is seen along each ray without a sound, for cameras of any height and field of view."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from audio_manifold_ros.camera_prior.ray_grid import LEVELS, RayGrid, level_of
from audio_manifold_ros.modalities.registry import DEPTH, NORMALS, SEGMENTATION

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from audio_manifold_ros.camera_prior.camera_view import CameraView
    from audio_manifold_ros.camera_prior.ray_grid import RayCoordinates
    from audio_manifold_ros.common.array_types import FloatArray


@dataclass(frozen=True)
class PriorTable:
    """Values per height, row and column of a grid of rays.

    Attributes:
        grid: Rows and columns.
        values: float32 (level, row, column, value) by modality: ln of the range relative to that of the ground, class
            frequencies, or the mean normal in the root frame of the rig.

    """

    grid: RayGrid
    values: Mapping[str, NDArray[np.float32]]

    def images(self, view: CameraView, rows: int, columns: int) -> dict[str, NDArray[np.float32]]:
        """Return the prior images of a camera, float32, by modality.

        Args:
            view: The camera.
            rows: Rows of the images.
            columns: Columns of the images.

        Returns:
            Depth in metres (row, column), class frequencies (row, column, class), normals (row, column, 3).

        """
        found = self.grid.coordinates(view, rows, columns)
        return {
            name: IMAGES[name](_sample(values, level_of(view.height_m), found), found, view).astype(np.float32)
            for name, values in self.values.items()
        }


def _sample(values: NDArray[np.float32], level: float, found: RayCoordinates) -> FloatArray:
    """Return values (row, column, value) of rays, interpolated linearly."""
    low = min(int(level), LEVELS - 2)
    plane = values[low] + np.float32(level - low) * (values[low + 1] - values[low])
    row = np.minimum(found.row.astype(np.int64), plane.shape[0] - 2)
    column = np.minimum(found.column.astype(np.int64), plane.shape[1] - 2)
    down, right = (found.row - row)[..., None], (found.column - column)[..., None]
    upper = plane[row, column] * (1 - right) + plane[row, column + 1] * right
    lower = plane[row + 1, column] * (1 - right) + plane[row + 1, column + 1] * right
    sampled: FloatArray = upper * (1 - down) + lower * down
    return sampled


def _depth_m(logs: FloatArray, found: RayCoordinates, view: CameraView) -> FloatArray:
    del view
    depth_m: FloatArray = np.exp(logs[..., 0]) * found.reference_m / found.horizontal
    return depth_m


def _frequencies(fractions: FloatArray, found: RayCoordinates, view: CameraView) -> FloatArray:
    del found, view
    return fractions


def _optical_normals(normals: FloatArray, found: RayCoordinates, view: CameraView) -> FloatArray:
    del found
    turned = normals @ view.matrix
    optical: FloatArray = turned / np.maximum(np.linalg.norm(turned, axis=-1, keepdims=True), 1e-9)
    return optical


IMAGES: Mapping[str, Callable[[FloatArray, RayCoordinates, CameraView], FloatArray]] = {
    DEPTH: _depth_m,
    SEGMENTATION: _frequencies,
    NORMALS: _optical_normals,
}
