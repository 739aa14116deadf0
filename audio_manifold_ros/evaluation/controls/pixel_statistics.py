# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Statistics of the training images of a modality at each pixel, from which the pixel prior is built."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.class_ids import CLASS_NAMES, UNLABELLED
from audio_manifold_ros.evaluation.metrics.depth_metrics import FAR_M
from audio_manifold_ros.modalities.registry import DEPTH, NORMALS, SEGMENTATION

DEPTH_BINS = 512
TOWARDS_CAMERA = (0.0, 0.0, -1.0)


class PixelStatistics(Protocol):
    """Running statistics of images of one size."""

    def add(self, image: NDArray[Any]) -> None:
        """Add one image."""

    def build(self) -> NDArray[Any]:
        """Return the image that is predicted for every window."""


class DepthMedian:
    """Histograms of depth, for the median of each pixel over the images where it is valid.

    Depth is counted in 512 logarithmic bins over 1..80 m, or from another lower limit. The median is interpolated
    within its bin, which is exact to 0.5 % (0.7 % for a lower limit of 0.1).
    """

    def __init__(self, shape: tuple[int, int], near_m: float) -> None:
        """Start without images of a shape (row, column). Depth is clipped to at least `near_m`."""
        self._shape, self._near_m = shape, near_m
        self._counts = np.zeros((shape[0] * shape[1], DEPTH_BINS), dtype=np.uint32)

    def add(self, image: NDArray[Any]) -> None:
        """Add depth (row, column) in metres, NaN invalid."""
        flat = image.ravel()
        pixel = np.flatnonzero(~np.isnan(flat))
        unit = np.log(np.clip(flat[pixel], self._near_m, FAR_M) / self._near_m) / np.log(FAR_M / self._near_m)
        self._counts[pixel, np.minimum((unit * DEPTH_BINS).astype(np.int64), DEPTH_BINS - 1)] += 1

    def build(self) -> NDArray[np.float32]:
        """Return the median depth (row, column), 80 m for a pixel that is never valid."""
        cumulated = self._counts.cumsum(axis=1, dtype=np.float64)
        half = cumulated[:, -1:] / 2
        bin_ = (cumulated < half).sum(axis=1, keepdims=True).clip(max=DEPTH_BINS - 1)
        count = np.take_along_axis(self._counts, bin_, axis=1)
        before = np.take_along_axis(cumulated, bin_, axis=1) - count
        within = np.divide(half - before, count, out=np.full(half.shape, 0.5), where=count > 0)
        unit = (bin_ + within)[:, 0] / DEPTH_BINS
        depth_m = self._near_m * (FAR_M / self._near_m) ** unit
        return np.where(half[:, 0] > 0, depth_m, FAR_M).astype(np.float32).reshape(self._shape)


class FrequentClass:
    """Counts of classes, for the most frequent class of each pixel."""

    def __init__(self, shape: tuple[int, int], near_m: float) -> None:
        """Start without images of a shape (row, column). Classes have no clipping limit."""
        del near_m
        self._shape = shape
        self._counts = np.zeros((shape[0] * shape[1], len(CLASS_NAMES)), dtype=np.uint32)

    def add(self, image: NDArray[Any]) -> None:
        """Add class ids uint8 (row, column), 255 unlabelled."""
        flat = image.ravel()
        pixel = np.flatnonzero(flat < len(CLASS_NAMES))
        self._counts[pixel, flat[pixel]] += 1

    def build(self) -> NDArray[np.uint8]:
        """Return class ids uint8 (row, column), 255 for a pixel that never has a label."""
        labelled = self._counts.any(axis=1)
        labels = np.where(labelled, self._counts.argmax(axis=1), UNLABELLED)
        return labels.astype(np.uint8).reshape(self._shape)

    def probabilities(self) -> NDArray[np.float32]:
        """Return the fraction of each class at each pixel (class, row, column), 0 for a pixel without labels."""
        counts = self._counts.T.reshape(-1, *self._shape).astype(np.float32)
        fractions: NDArray[np.float32] = counts / np.maximum(counts.sum(axis=0), 1)
        return fractions


class MeanDirection:
    """Sums of unit vectors, for the mean direction of each pixel."""

    def __init__(self, shape: tuple[int, int], near_m: float) -> None:
        """Start without images of a shape (row, column). Directions have no clipping limit."""
        del near_m
        self._sums = np.zeros((*shape, 3))

    def add(self, image: NDArray[Any]) -> None:
        """Add unit vectors (row, column, 3), NaN invalid."""
        self._sums += np.nan_to_num(image.astype(np.float64))

    def build(self) -> NDArray[np.float32]:
        """Return the mean directions as unit vectors, towards the camera for a pixel that is never valid."""
        length = np.linalg.norm(self._sums, axis=-1, keepdims=True)
        with np.errstate(divide='ignore', invalid='ignore'):
            return np.where(length > 0, self._sums / length, TOWARDS_CAMERA).astype(np.float32)


# By modality, empty statistics for a shape (row, column) and a lower clipping limit of depth in metres.
PIXEL_STATISTICS: Mapping[str, Callable[[tuple[int, int], float], PixelStatistics]] = {
    DEPTH: DepthMedian,
    SEGMENTATION: FrequentClass,
    NORMALS: MeanDirection,
}
