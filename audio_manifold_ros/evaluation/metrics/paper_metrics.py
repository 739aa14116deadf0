# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Metrics of the paper where its formulae, its code and `DepthMetrics` differ.

`PaperDepth` implements equation 1. `ReferenceDepth` and `ReferenceSegmentation` implement the published code. The
values of a table can only be compared with figures of the same convention.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.array_types import Mask
from audio_manifold_ros.common.class_ids import CLASS_NAMES
from audio_manifold_ros.evaluation.metrics.depth_metrics import NEAR_M, clipped, correct_steps, median_scaled
from audio_manifold_ros.evaluation.metrics.image_shapes import check_image_shapes
from audio_manifold_ros.evaluation.metrics.segmentation_metrics import class_key, image_iou

DEPTH_KEYS = ('abs_rel', 'sq_rel', 'rmse', 'rmse_log', 'auc_crr')
REFERENCE_KEYS = (*DEPTH_KEYS, 'auc_crr_equation')
# The classes of the paper's tables 2 and 4. AVG in these tables is their mean.
PAPER_CLASSES = ('road', 'sidewalk', 'building', 'fence', 'vegetation', 'terrain', 'sky', 'car')
# The published code clips the predictions only, with a much smaller lower limit.
REFERENCE_NEAR_M, REFERENCE_FAR_M = 1e-3, 80.0
REFERENCE_THRESHOLDS = np.linspace(0, 0.3, 30)
REFERENCE_AUC_STEP = 0.1


class PaperDepth:
    """Depth metrics of equation 1: relative errors divided by the prediction, roots over all pixels of the test set.

    `auc_crr` is the left Riemann sum over the thresholds 0 to 0.30 in steps of 0.01, with the error divided by the
    ground truth. Ground truth and prediction are clipped to 1..80 m, or to another lower limit. A NaN prediction counts
    as 80 m.
    """

    def __init__(self, near_m: float = NEAR_M) -> None:
        """Start without images. Depth is clipped to at least `near_m`."""
        self._near_m = near_m
        self._sums = dict.fromkeys(DEPTH_KEYS, 0.0)
        self._pixels = 0

    def add(self, ground_truth_m: NDArray[np.floating[Any]], predicted_m: NDArray[np.floating[Any]]) -> None:
        """Add one image.

        Args:
            ground_truth_m: (row, column) metres, NaN invalid.
            predicted_m: The same shape, metres.

        Raises:
            EvaluationError: The shapes differ.

        """
        valid = _valid(ground_truth_m, predicted_m)
        ground_truth, predicted = clipped(ground_truth_m[valid], predicted_m[valid], self._near_m)
        squared = (ground_truth - predicted) ** 2
        values = (
            np.abs(ground_truth - predicted) / predicted,
            squared / predicted,
            squared,
            np.log(ground_truth / predicted) ** 2,
            correct_steps(np.abs(ground_truth - predicted) / ground_truth),
        )
        for key, value in zip(DEPTH_KEYS, values, strict=True):
            self._sums[key] += float(value.sum())
        self._pixels += len(ground_truth)

    def result(self) -> dict[str, float]:
        """Return the metrics by name, NaN without pixels."""
        means = {key: value / self._pixels if self._pixels else float('nan') for key, value in self._sums.items()}
        return {**means, 'rmse': means['rmse'] ** 0.5, 'rmse_log': means['rmse_log'] ** 0.5}


class ReferenceDepth:
    """Depth metrics of the published code: predictions scaled by the ratio of medians, each metric a mean over images.

    Relative errors are divided by the ground truth. Only the prediction is clipped (to 0.001..80 m). `auc_crr` is the
    sum of 0.1 times the fraction of correct pixels for 30 thresholds from 0 to 0.30, so its maximum is 2.9. The values
    in the paper's tables are possible only by the equation, which is reported as `auc_crr_equation`. A NaN prediction
    counts as 80 m.
    """

    def __init__(self) -> None:
        """Start without images."""
        self._sums = dict.fromkeys(REFERENCE_KEYS, 0.0)
        self._images = 0

    def add(self, ground_truth_m: NDArray[np.floating[Any]], predicted_m: NDArray[np.floating[Any]]) -> None:
        """Add one image (see `PaperDepth.add`). An image without a valid pixel is ignored."""
        valid = _valid(ground_truth_m, predicted_m)
        if not valid.any():
            return
        ground_truth = ground_truth_m[valid].astype(np.float64)
        predicted = np.clip(median_scaled(ground_truth, predicted_m[valid]), REFERENCE_NEAR_M, REFERENCE_FAR_M)
        squared = (ground_truth - predicted) ** 2
        relative = np.abs(ground_truth - predicted) / ground_truth
        values = (
            relative.mean(),
            (squared / ground_truth).mean(),
            squared.mean() ** 0.5,
            (np.log(ground_truth / predicted) ** 2).mean() ** 0.5,
            correct_steps(relative, REFERENCE_THRESHOLDS, REFERENCE_AUC_STEP).mean(),
            correct_steps(relative).mean(),
        )
        for key, value in zip(REFERENCE_KEYS, values, strict=True):
            self._sums[key] += float(value)
        self._images += 1

    def result(self) -> dict[str, float]:
        """Return the metrics by name, NaN without images."""
        return {key: value / self._images if self._images else float('nan') for key, value in self._sums.items()}


class ReferenceSegmentation:
    """Segmentation metrics of the published code: IoU per image over its ground-truth classes, then means over images.

    A class that is predicted but absent from the ground truth of an image has no effect there.
    """

    def __init__(self) -> None:
        """Start without images."""
        self._sums = np.zeros(len(CLASS_NAMES))
        self._images = np.zeros(len(CLASS_NAMES), dtype=np.int64)
        self._miou_sum = 0.0
        self._labelled_images = 0

    def add(self, ground_truth: NDArray[np.uint8], predicted: NDArray[np.uint8]) -> None:
        """Add one image of class ids (row, column), 255 unlabelled. An image without a label is ignored.

        Raises:
            EvaluationError: The shapes differ.

        """
        iou = image_iou(ground_truth, predicted)
        present = ~np.isnan(iou)
        if present.any():
            self._sums[present] += iou[present]
            self._images += present
            self._miou_sum += float(iou[present].mean())
            self._labelled_images += 1

    def result(self) -> dict[str, float]:
        """Return `miou`, the mean over images of their mean over classes, and for each class the mean over its images.

        `miou_paper_classes` is the mean over those of the eight classes of the paper's tables that occur. It is NaN
        without images.
        """
        means = {class_key(c): self._sums[c] / self._images[c] for c in np.flatnonzero(self._images).tolist()}
        miou = self._miou_sum / self._labelled_images if self._labelled_images else float('nan')
        return {'miou': miou, 'miou_paper_classes': paper_mean(means), **means}


def paper_mean(figures: Mapping[str, float]) -> float:
    """Return the mean of the paper's eight classes that are among the `iou_` figures, NaN for none."""
    keys = [class_key(CLASS_NAMES.index(name)) for name in PAPER_CLASSES]
    present = [figures[key] for key in keys if key in figures]
    return float(np.mean(present)) if present else float('nan')


def _valid(ground_truth: NDArray[Any], predicted: NDArray[Any]) -> Mask:
    check_image_shapes('Depth', predicted, ground_truth)
    return np.asarray(~np.isnan(ground_truth))
