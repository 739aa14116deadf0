# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Statistics of the training images of a modality at each pixel, from which the pixel prior is built."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.array_types import FloatArray
from audio_manifold_ros.common.class_ids import CLASS_NAMES, UNLABELLED
from audio_manifold_ros.evaluation.metrics.depth_metrics import FAR_M
from audio_manifold_ros.modalities.registry import DEPTH, NORMALS, SEGMENTATION

DEPTH_BINS = 512
# Logarithmic biases of the best constant classes, and the count of a class that a pixel never has.
CANDIDATE_BIASES = tuple(float(bias) for bias in np.arange(-1.0, 4.01, 0.5))
MIN_COUNT = 1e-3
TOWARDS_CAMERA = (0.0, 0.0, -1.0)


class PixelStatistics(Protocol):
    """Running statistics of images of one size."""

    def add(self, image: NDArray[Any]) -> None:
        """Add one image."""

    def build(self) -> NDArray[Any]:
        """Return the image that is predicted for every window."""

    def build_best(self) -> NDArray[Any]:
        """Return the constant image with the best main metric on the added images."""


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
        return self._weighted_median(np.ones(DEPTH_BINS))

    def build_best(self) -> NDArray[np.float32]:
        """Return the depth (row, column) with the smallest mean relative error, 80 m for a pixel that is never valid.

        It is the median with the weights 1 / depth: the mean of |y - c| / y is smallest there.
        """
        centres_m = self._depth_m((np.arange(DEPTH_BINS) + 0.5) / DEPTH_BINS)
        return self._weighted_median(1 / centres_m)

    def _weighted_median(self, weights: FloatArray) -> NDArray[np.float32]:
        """Return the median of each pixel with weights (bin,)."""
        weighted = self._counts * weights
        cumulated = weighted.cumsum(axis=1)
        half = cumulated[:, -1:] / 2
        bin_ = (cumulated < half).sum(axis=1, keepdims=True).clip(max=DEPTH_BINS - 1)
        count = np.take_along_axis(weighted, bin_, axis=1)
        before = np.take_along_axis(cumulated, bin_, axis=1) - count
        within = np.divide(half - before, count, out=np.full(half.shape, 0.5), where=count > 0)
        depth_m = self._depth_m((bin_ + within)[:, 0] / DEPTH_BINS)
        return np.where(half[:, 0] > 0, depth_m, FAR_M).astype(np.float32).reshape(self._shape)

    def _depth_m(self, unit: FloatArray) -> FloatArray:
        """Return the depth of positions from 0 to 1 in the logarithmic range."""
        return np.asarray(self._near_m * (FAR_M / self._near_m) ** unit)


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

    def build_best(self) -> NDArray[np.uint8]:
        """Return the class ids uint8 (row, column) with the largest mean IoU, 255 for a pixel that never has a label.

        Each class has a bias on the logarithm of its frequency, chosen class by class, the rarest first.
        """
        present = np.flatnonzero(self._counts.sum(axis=0))
        counts = self._counts.astype(np.float64)
        scores = np.log(counts + MIN_COUNT)
        for index in present[np.argsort(counts.sum(axis=0)[present])]:
            own = scores[:, index].copy()
            others = scores.copy()
            others[:, index] = -np.inf
            rivals, best = others.argmax(axis=1), others.max(axis=1)
            found = [
                (_mean_iou(counts, np.where(own + bias > best, index, rivals), present), -abs(bias), bias)
                for bias in CANDIDATE_BIASES
            ]
            scores[:, index] = own + max(found)[2]
        labels = np.where(counts.any(axis=1), scores.argmax(axis=1), UNLABELLED)
        return labels.astype(np.uint8).reshape(self._shape)


def _mean_iou(counts: FloatArray, labels: NDArray[np.int64], present: NDArray[np.int64]) -> float:
    """Return the mean IoU of constant labels (pixel,) for the counts of true classes (pixel, class)."""
    total = counts.sum(axis=0)
    pixels = counts.sum(axis=1)
    both = np.bincount(labels, counts[np.arange(len(labels)), labels], minlength=counts.shape[1])
    predicted = np.bincount(labels, pixels, minlength=counts.shape[1])
    return float((both / np.maximum(total + predicted - both, 1))[present].mean())


class MeanDirection:
    """Sums of unit vectors, for the mean direction of each pixel."""

    def __init__(self, shape: tuple[int, int], near_m: float) -> None:
        """Start without images of a shape (row, column). Directions have no clipping limit."""
        del near_m
        self._sums = np.zeros((*shape, 3))

    def add(self, image: NDArray[Any]) -> None:
        """Add unit vectors (row, column, 3), NaN invalid."""
        self._sums += np.nan_to_num(image.astype(np.float64))

    def build_best(self) -> NDArray[np.float32]:
        """Return the mean directions (see `build`)."""
        return self.build()

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
