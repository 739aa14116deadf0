# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Counts of what training images show along each ray, from which the prior table is built."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.ndimage import distance_transform_edt

from audio_manifold_ros.camera_prior.prior_table import PriorTable
from audio_manifold_ros.camera_prior.ray_grid import COLUMNS, LEVELS, ROWS, RayGrid, level_of
from audio_manifold_ros.common.class_ids import CLASS_NAMES
from audio_manifold_ros.modalities.registry import DEPTH, NORMALS, SEGMENTATION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from numpy.typing import NDArray

    from audio_manifold_ros.camera_prior.camera_view import CameraView
    from audio_manifold_ros.camera_prior.ray_grid import RayCoordinates
    from audio_manifold_ros.common.array_types import FloatArray

# Bins of ln(range / range of the ground). Its zero is in the middle of a bin.
BINS, FIRST_LOG, LAST_LOG = 256, -6.0, 0.5
BIN_WIDTH = (LAST_LOG - FIRST_LOG) / BINS
ZERO_SHIFT = (0.5 - (-FIRST_LOG / BIN_WIDTH) % 1.0) * BIN_WIDTH
CLASSES = len(CLASS_NAMES)
# Weight of all heights in the counts of a height, in pixels.
SHARED_PIXELS = 100.0


class PriorCounts:
    """Counts of depth, classes and normals of training images per height, row and column of a table.

    Memory use does not grow with the number of images.
    """

    def __init__(self, grid: RayGrid, modalities: Iterable[str]) -> None:
        """Start without images."""
        self._grid = grid
        self._cells = ROWS * COLUMNS
        self._counts = {name: np.zeros((LEVELS, self._cells, COUNTED[name][0])) for name in modalities}
        self._coordinates = lru_cache(maxsize=64)(grid.coordinates)

    def add(self, modality: str, images: NDArray[Any], view: CameraView) -> None:
        """Add images (image, row, column, …) of one camera: depth in metres, class ids, or normals."""
        found = self._coordinates(view, *images.shape[1:3])
        cells = np.rint(found.row).astype(np.int64) * COLUMNS + np.rint(found.column).astype(np.int64)
        level = round(level_of(view.height_m))
        self._counts[modality][level] += COUNTED[modality][1](images, cells, found, view, self._cells)

    def build(self) -> PriorTable:
        """Return the table. A cell without images has the counts of the nearest one with images."""
        shape = (LEVELS, ROWS, COLUMNS)
        found = {}
        for name, counts in self._counts.items():
            cells = counts.reshape(*shape, -1)
            shared = _fill_nearest(cells.sum(axis=0))
            total = np.maximum(np.abs(shared).sum(axis=-1, keepdims=True), 1e-9)
            found[name] = COUNTED[name][2](cells + SHARED_PIXELS * shared / total).astype(np.float32)
        return PriorTable(self._grid, found)


def _count_depth(
    depth_m: NDArray[Any], cells: NDArray[np.int64], found: RayCoordinates, view: CameraView, size: int
) -> FloatArray:
    del view
    with np.errstate(invalid='ignore', divide='ignore'):
        logs = np.log(depth_m.astype(np.float32) * (found.horizontal / found.reference_m).astype(np.float32))
    is_valid = np.isfinite(logs)
    bins = ((logs + np.float32(ZERO_SHIFT - FIRST_LOG)) / np.float32(BIN_WIDTH)).clip(0, BINS - 1)
    places = (np.broadcast_to(cells, depth_m.shape) * BINS)[is_valid] + bins[is_valid].astype(np.int64)
    return np.bincount(places, minlength=size * BINS).reshape(size, BINS).astype(np.float64)


def _count_classes(
    labels: NDArray[Any], cells: NDArray[np.int64], found: RayCoordinates, view: CameraView, size: int
) -> FloatArray:
    del found, view
    is_labelled = labels < CLASSES
    places = (np.broadcast_to(cells, labels.shape) * CLASSES)[is_labelled] + labels[is_labelled]
    return np.bincount(places, minlength=size * CLASSES).reshape(size, CLASSES).astype(np.float64)


def _sum_normals(
    normals: NDArray[Any], cells: NDArray[np.int64], found: RayCoordinates, view: CameraView, size: int
) -> FloatArray:
    del found
    vectors = np.nan_to_num(normals.astype(np.float64)) @ view.matrix.T
    places = np.broadcast_to(cells, normals.shape[:3]).ravel()
    sums = [np.bincount(places, vectors[..., axis].ravel(), minlength=size) for axis in range(3)]
    return np.stack(sums, axis=-1)


def _median_log(counts: FloatArray) -> FloatArray:
    """Return the median of each histogram (…, bin), interpolated within its bin: (…, 1)."""
    cumulated = counts.cumsum(axis=-1)
    half = cumulated[..., -1:] / 2
    chosen = (cumulated < half).sum(axis=-1, keepdims=True).clip(max=BINS - 1)
    count = np.take_along_axis(counts, chosen, axis=-1)
    before = np.take_along_axis(cumulated, chosen, axis=-1) - count
    within = np.divide(half - before, count, out=np.full(half.shape, 0.5), where=count > 0)
    logs: FloatArray = (chosen + within) * BIN_WIDTH + FIRST_LOG - ZERO_SHIFT
    return logs


def _fractions(counts: FloatArray) -> FloatArray:
    fractions: FloatArray = counts / np.maximum(counts.sum(axis=-1, keepdims=True), 1e-9)
    return fractions


def _directions(sums: FloatArray) -> FloatArray:
    directions: FloatArray = sums / np.maximum(np.linalg.norm(sums, axis=-1, keepdims=True), 1e-9)
    return directions


def _fill_nearest(cells: FloatArray) -> FloatArray:
    """Replace the empty cells of (row, column, …) by the nearest that are not empty."""
    is_empty = ~cells.any(axis=-1)
    if is_empty.all() or not is_empty.any():
        return cells
    rows, columns = distance_transform_edt(is_empty, return_distances=False, return_indices=True)
    filled: FloatArray = cells[rows, columns]
    return filled


# By modality: counts per cell, their sum over images, and the values of the table.
COUNTED: Mapping[str, tuple[int, Callable[..., FloatArray], Callable[[FloatArray], FloatArray]]] = {
    DEPTH: (BINS, _count_depth, _median_log),
    SEGMENTATION: (CLASSES, _count_classes, _fractions),
    NORMALS: (3, _sum_normals, _directions),
}
