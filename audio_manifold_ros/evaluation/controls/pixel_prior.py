# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Pixel prior: the prediction without audio, median depth and most frequent class of each pixel in the training set."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.class_ids import CLASS_NAMES, UNLABELLED
from audio_manifold_ros.common.errors import EvaluationError
from audio_manifold_ros.common.files import write_bytes_atomic
from audio_manifold_ros.common.npy_file import read_npz
from audio_manifold_ros.evaluation.metrics.depth_metrics import FAR_M, NEAR_M

# Part of a bundle, so that every evaluation can compare with the prior.
PRIOR_FILE = 'prior.npz'
# An image of 4,096 x 4,096 pixels in single precision.
MAX_ARRAY_BYTES = 1 << 26
DEPTH_BINS = 512
FORMAT_VERSION = 1


@dataclass(frozen=True)
class PixelPrior:
    """Depth and labels that are predicted for every window.

    Attributes:
        depth_m: float32 (row, column), median depth of each pixel over the training images where it is valid;
            80 m where it never is.
        labels: uint8 (row, column), most frequent class of each pixel; 255 without a label.
        images: Number of training images.

    """

    depth_m: NDArray[np.float32]
    labels: NDArray[np.uint8]
    images: int

    def save(self, path: Path | str) -> None:
        """Write an `.npz` file. The write is atomic."""
        write_bytes_atomic(Path(path), self.to_bytes())

    def to_bytes(self) -> bytes:
        """Return the content of an `.npz` file. Equal priors give equal bytes."""
        stored = {
            'version': np.array(FORMAT_VERSION),
            'depth_m': self.depth_m,
            'labels': self.labels,
            'images': np.array(self.images),
        }
        content = io.BytesIO()
        with zipfile.ZipFile(content, 'w', zipfile.ZIP_DEFLATED) as archive:
            for name, value in stored.items():
                buffer = io.BytesIO()
                np.save(buffer, value, allow_pickle=False)
                archive.writestr(zipfile.ZipInfo(f'{name}.npy'), buffer.getvalue(), zipfile.ZIP_DEFLATED)
        return content.getvalue()

    @classmethod
    def load(cls, path: Path | str) -> PixelPrior:
        """Load a file that `save` wrote.

        Raises:
            EvaluationError: The file is missing, damaged or not a prior.

        """
        try:
            stored = read_npz(Path(path), ('version', 'depth_m', 'labels', 'images'), MAX_ARRAY_BYTES)
            version, images = int(stored['version']), int(stored['images'])
            prior = cls(stored['depth_m'], stored['labels'], images)
        except (OSError, ValueError, TypeError, OverflowError) as error:
            msg = f'Cannot read the prior {str(path)!r}: {error}. Build it again from the training drives.'
            raise EvaluationError(msg) from None
        same_size = prior.depth_m.ndim == 2 and prior.depth_m.shape == prior.labels.shape
        types = prior.depth_m.dtype == np.float32 and prior.labels.dtype == np.uint8
        if version != FORMAT_VERSION or not same_size or not types:
            shapes = f'depth {prior.depth_m.shape}, labels {prior.labels.shape}'
            msg = f'{path}: prior of version {version}, {shapes}: build it again from the training drives.'
            raise EvaluationError(msg)
        return prior


class PixelPriorBuilder:
    """Histograms of depth and class per pixel. Memory use does not grow with the number of images.

    Depth is counted in 512 logarithmic bins over 1..80 m, or from another lower limit. The median is interpolated
    within its bin, which is exact to 0.5 % (0.7 % for a lower limit of 0.1).
    """

    def __init__(self, rows: int, columns: int, near_m: float = NEAR_M) -> None:
        """Start without images of this size. Depth is clipped to at least `near_m`."""
        self._near_m = near_m
        self._shape = (rows, columns)
        self._depth = np.zeros((rows * columns, DEPTH_BINS), dtype=np.uint32)
        self._classes = np.zeros((rows * columns, len(CLASS_NAMES)), dtype=np.uint32)
        self._images = 0

    def add(self, depth_m: NDArray[np.floating[Any]] | None, labels: NDArray[np.uint8] | None) -> None:
        """Add one training image.

        Args:
            depth_m: (row, column) metres, NaN invalid; None without depth.
            labels: uint8 (row, column), 255 unlabelled; None without labels.

        Raises:
            EvaluationError: An image has another size.

        """
        for image in (depth_m, labels):
            if image is not None and image.shape != self._shape:
                msg = f'A training image has the shape {image.shape}: give {self._shape}.'
                raise EvaluationError(msg)
        if depth_m is not None:
            flat = depth_m.ravel()
            pixel = np.flatnonzero(~np.isnan(flat))
            unit = np.log(np.clip(flat[pixel], self._near_m, FAR_M) / self._near_m) / np.log(FAR_M / self._near_m)
            self._depth[pixel, np.minimum((unit * DEPTH_BINS).astype(np.int64), DEPTH_BINS - 1)] += 1
        if labels is not None:
            flat_labels = labels.ravel()
            pixel = np.flatnonzero(flat_labels < len(CLASS_NAMES))
            self._classes[pixel, flat_labels[pixel]] += 1
        self._images += 1

    def build(self) -> PixelPrior:
        """Return the prior of the images added so far.

        Raises:
            EvaluationError: No image was added.

        """
        if not self._images:
            msg = 'A prior needs training images: add at least one.'
            raise EvaluationError(msg)
        labelled = self._classes.any(axis=1)
        labels = np.where(labelled, self._classes.argmax(axis=1), UNLABELLED).astype(np.uint8)
        return PixelPrior(self._median().reshape(self._shape), labels.reshape(self._shape), self._images)

    def class_probabilities(self) -> NDArray[np.float32]:
        """Return the fraction of each class at each pixel (class, row, column), 0 for a pixel without labels."""
        counts = self._classes.T.reshape(-1, *self._shape).astype(np.float32)
        fractions: NDArray[np.float32] = counts / np.maximum(counts.sum(axis=0), 1)
        return fractions

    def _median(self) -> NDArray[np.float32]:
        cumulated = self._depth.cumsum(axis=1, dtype=np.float64)
        half = cumulated[:, -1:] / 2
        bin_ = (cumulated < half).sum(axis=1, keepdims=True).clip(max=DEPTH_BINS - 1)
        count = np.take_along_axis(self._depth, bin_, axis=1)
        before = np.take_along_axis(cumulated, bin_, axis=1) - count
        within = np.divide(half - before, count, out=np.full(half.shape, 0.5), where=count > 0)
        unit = (bin_ + within)[:, 0] / DEPTH_BINS
        depth_m = self._near_m * (FAR_M / self._near_m) ** unit
        return np.where(half[:, 0] > 0, depth_m, FAR_M).astype(np.float32)
