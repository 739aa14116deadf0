# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Intersection over union (IoU) of a whole test set from one confusion matrix, and of single images."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.array_types import FloatArray, Mask
from audio_manifold_ros.common.class_ids import CLASS_NAMES, UNLABELLED
from audio_manifold_ros.common.errors import EvaluationError
from audio_manifold_ros.evaluation.metrics.image_shapes import check_image_shapes

# Smoothing term of the intersection over union of one image, as in the published code.
IOU_SMOOTHING = 1e-10


class SegmentationMetrics:
    """Confusion matrix over all images.

    Pixels with the ground truth 255 are ignored. A predicted 255, or any id that is not a class, is an error of the
    true class only.

    Attributes:
        confusion: int64 (true class, predicted class). The last column counts predictions that are not a class.

    """

    def __init__(self, classes: int = len(CLASS_NAMES)) -> None:
        """Start without images."""
        self._classes = classes
        self.confusion: NDArray[np.int64] = np.zeros((classes, classes + 1), dtype=np.int64)

    def add(self, ground_truth: NDArray[np.uint8], predicted: NDArray[np.uint8]) -> None:
        """Add one image.

        Args:
            ground_truth: uint8 (row, column), class ids, 255 unlabelled.
            predicted: The same shape.

        Raises:
            EvaluationError: The shapes differ, or the ground truth has an id that is not a class.

        """
        self.confusion += image_confusion(ground_truth, predicted, self._classes)

    def iou(self) -> FloatArray:
        """Return the IoU (class,), NaN for a class that is neither in the ground truth nor predicted."""
        intersection = np.diagonal(self.confusion).astype(np.float64)
        union = self.confusion.sum(axis=1) + self.confusion[:, : self._classes].sum(axis=0) - intersection
        iou = np.full(self._classes, np.nan)
        np.divide(intersection, union, out=iou, where=union > 0)
        return iou

    @property
    def present(self) -> Mask:
        """Mask (class,) of the classes that occur in the ground truth."""
        return np.asarray(self.confusion.sum(axis=1) > 0)

    def miou(self) -> float:
        """Return the mean IoU of the classes that occur in the ground truth, NaN for none."""
        return float(self.iou()[self.present].mean()) if self.present.any() else float('nan')

    def accuracy(self) -> float:
        """Return the fraction of labelled pixels with the correct class, NaN without pixels."""
        pixels = self.confusion.sum()
        return float(np.trace(self.confusion) / pixels) if pixels else float('nan')

    def result(self) -> dict[str, float]:
        """Return `miou`, `accuracy`, and `iou_` with the name of each class that occurs in the ground truth."""
        iou, present = self.iou().tolist(), self.present.tolist()
        named = {class_key(index): value for index, value in enumerate(iou) if present[index]}
        return {'miou': self.miou(), 'accuracy': self.accuracy(), **named}


def image_confusion(
    ground_truth: NDArray[np.uint8], predicted: NDArray[np.uint8], classes: int = len(CLASS_NAMES)
) -> NDArray[np.int64]:
    """Return the confusion matrix of one image (see `SegmentationMetrics`).

    Args:
        ground_truth: uint8 (row, column), class ids, 255 unlabelled.
        predicted: The same shape.
        classes: Number of classes.

    Raises:
        EvaluationError: The shapes differ, or the ground truth has an id that is not a class.

    """
    check_image_shapes('Labels', predicted, ground_truth)
    labelled = ground_truth != UNLABELLED
    rows = ground_truth[labelled].astype(np.int64)
    if rows.size and rows.max() >= classes:
        msg = f'The ground truth has the label {int(rows.max())}: give ids below {classes}, or {UNLABELLED}.'
        raise EvaluationError(msg)
    columns = np.minimum(predicted[labelled].astype(np.int64), classes)
    width = classes + 1
    return np.bincount(rows * width + columns, minlength=classes * width).reshape(-1, width)


def class_key(class_id: int) -> str:
    """Return the name of a class's figure: `iou_traffic_light`."""
    return f'iou_{CLASS_NAMES[class_id].replace(" ", "_")}'


def image_iou(ground_truth: NDArray[np.uint8], predicted: NDArray[np.uint8]) -> FloatArray:
    """Return the IoU of one image (class,), NaN for a class that its ground truth lacks.

    Raises:
        EvaluationError: The shapes differ.

    """
    check_image_shapes('Labels', predicted, ground_truth)
    labelled = ground_truth != UNLABELLED
    classes = len(CLASS_NAMES)
    rows, columns = np.minimum(ground_truth[labelled], classes), np.minimum(predicted[labelled], classes)
    width = classes + 1
    counts = np.bincount(rows.astype(np.int64) * width + columns, minlength=width * width).reshape(width, width)
    present, intersection = counts.sum(axis=1)[:classes], np.diagonal(counts)[:classes]
    either = present + counts.sum(axis=0)[:classes] - intersection
    iou = (intersection + IOU_SMOOTHING) / (either + IOU_SMOOTHING)
    return np.where(present > 0, iou, np.nan)


def image_miou(ground_truth: NDArray[np.uint8], predicted: NDArray[np.uint8]) -> float | None:
    """Return the mean IoU over the ground-truth classes of one image, None without labels."""
    iou = image_iou(ground_truth, predicted)
    return float(np.nanmean(iou)) if not np.isnan(iou).all() else None
