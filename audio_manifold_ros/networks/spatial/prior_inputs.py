# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Prior of a camera as the network on spatial maps takes it. It needs no torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from audio_manifold_ros.camera_prior.ray_grid import COLUMNS, ROWS, level_of
from audio_manifold_ros.modalities.registry import DEPTH, NORMALS, SEGMENTATION
from audio_manifold_ros.networks.spatial.config import COLUMN_HATS, GRID_COLUMNS, GRID_ROWS, ROW_HATS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from audio_manifold_ros.camera_prior.camera_view import CameraView
    from audio_manifold_ros.camera_prior.prior_table import PriorTable
    from audio_manifold_ros.common.array_types import FloatArray
    from audio_manifold_ros.networks.depth_representation import DepthRepresentation
    from audio_manifold_ros.networks.spatial.config import SpatialNetworkConfig

    Float32Array = NDArray[np.float32]

# Probability of a class that never occurs along a ray.
MIN_PROBABILITY = 1e-3


class PriorInputs(NamedTuple):
    """Prior of one camera.

    Attributes:
        images: float32 (channel, row, column) in the size of the images: raw prior images of all modalities, depth in
            the unit of `DepthRepresentation`, logarithms of class probabilities, and normals.
        grid: float32 (channel, `GRID_ROWS`, `GRID_COLUMNS`): where the rays of each place go, and the mean of the
            images.

    """

    images: Float32Array
    grid: Float32Array


def prior_inputs(
    table: PriorTable, view: CameraView, config: SpatialNetworkConfig, depth: DepthRepresentation
) -> PriorInputs:
    """Return the prior of a camera for a network."""
    size = config.image_size
    found = table.images(view, size, size)
    images = np.concatenate([RAW_IMAGES[name](found[name], depth) for name in config.modalities])
    rays = table.grid.coordinates(view, GRID_ROWS, GRID_COLUMNS)
    places = [*_hats(rays.row, ROWS, ROW_HATS), *_hats(rays.column, COLUMNS, COLUMN_HATS)]
    height = np.full(rays.row.shape, level_of(view.height_m))
    cells = images.reshape(len(images), GRID_ROWS, size // GRID_ROWS, GRID_COLUMNS, size // GRID_COLUMNS)
    grid = np.concatenate([np.stack([*places, height]), cells.mean(axis=(2, 4))])
    return PriorInputs(np.ascontiguousarray(images, np.float32), np.ascontiguousarray(grid, np.float32))


def _hats(coordinate: FloatArray, size: int, count: int) -> list[FloatArray]:
    """Return triangular functions of a coordinate 0..size - 1 at evenly spaced centres. Their sum is 1."""
    scaled = coordinate * (count - 1) / (size - 1)
    return [np.maximum(1 - np.abs(scaled - centre), 0.0) for centre in range(count)]


def _unit_depth(depth_m: Float32Array, depth: DepthRepresentation) -> Float32Array:
    return depth.depth_to_unit(depth_m)[None]


def _log_probabilities(frequencies: Float32Array, depth: DepthRepresentation) -> Float32Array:
    del depth
    logs: Float32Array = np.log(np.maximum(frequencies, MIN_PROBABILITY))
    return logs.transpose(2, 0, 1)


def _normals(normals: Float32Array, depth: DepthRepresentation) -> Float32Array:
    del depth
    return normals.transpose(2, 0, 1)


# By modality, the raw image (channel, row, column) of a prior image.
RAW_IMAGES: Mapping[str, Callable[[Float32Array, DepthRepresentation], Float32Array]] = {
    DEPTH: _unit_depth,
    SEGMENTATION: _log_probabilities,
    NORMALS: _normals,
}
