# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The paper's metrics where its formulae, its code and this project's `DepthMetrics` disagree.

`PaperDepth` follows equation 1 word for word, `ReferenceDepth` and `ReferenceSegmentation` what the published code
computes. Table values can be compared only with figures of the same convention.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.class_ids import CLASS_NAMES
from audio_manifold_ros.evaluation.metrics.depth_and_labels import check_image_shapes
from audio_manifold_ros.evaluation.metrics.depth_metrics import NEAR_M, clipped, correct_steps, median_scaled
from audio_manifold_ros.evaluation.metrics.segmentation_metrics import class_key, image_iou

DEPTH_KEYS = ('abs_rel', 'sq_rel', 'rmse', 'rmse_log', 'auc_crr')
REFERENCE_KEYS = (*DEPTH_KEYS, 'auc_crr_equation')
# The classes of the paper's tables 2 and 4, whose mean is their AVG.
PAPER_CLASSES = ('road', 'sidewalk', 'building', 'fence', 'vegetation', 'terrain', 'sky', 'car')
# The published code clips predictions only, and from far nearer.
REFERENCE_NEAR_M, REFERENCE_FAR_M = 1e-3, 80.0
REFERENCE_THRESHOLDS = np.linspace(0, 0.3, 30)
REFERENCE_AUC_STEP = 0.1


class PaperDepth:
    """Equation 1: relative errors divided by the prediction, roots over all pixels of the test set at once.

    `auc_crr` is the left sum over the thresholds 0 to 0.30 in steps of 0.01, with the error divided by the truth.
    Truth and prediction are clipped to 1..80 m, or from another nearest depth on; a prediction of NaN counts as 80 m.
    """

    def __init__(self, near_m: float = NEAR_M) -> None:
        """Start with no image; what is nearer than `near_m` counts as that."""
        self._near_m = near_m
        self._sums = dict.fromkeys(DEPTH_KEYS, 0.0)
        self._pixels = 0

    def add(self, ground_truth_m: NDArray[np.floating[Any]], predicted_m: NDArray[np.floating[Any]]) -> None:
        """Count one image.

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
        """Return the metrics by name, NaN where no pixel was counted."""
        means = {key: value / self._pixels if self._pixels else float('nan') for key, value in self._sums.items()}
        return {**means, 'rmse': means['rmse'] ** 0.5, 'rmse_log': means['rmse_log'] ** 0.5}


class ReferenceDepth:
    """The published code: each prediction scaled by the ratio of medians, every metric a mean over images.

    Relative errors are divided by the truth, only the prediction is clipped (to 0.001..80 m), and `auc_crr` is the sum
    of 0.1 times the fraction right below 30 thresholds from 0 to 0.30, so that it reaches 2.9. The values in the tables
    can only be those of the equation: `auc_crr_equation`. A prediction of NaN counts as 80 m.
    """

    def __init__(self) -> None:
        """Start with no image."""
        self._sums = dict.fromkeys(REFERENCE_KEYS, 0.0)
        self._images = 0

    def add(self, ground_truth_m: NDArray[np.floating[Any]], predicted_m: NDArray[np.floating[Any]]) -> None:
        """Count one image (see `PaperDepth.add`); one without a valid pixel counts for nothing."""
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
        """Return the metrics by name, NaN where no image was counted."""
        return {key: value / self._images if self._images else float('nan') for key, value in self._sums.items()}


class ReferenceSegmentation:
    """The published code: intersection over union of each image over the classes in its truth, then means of images.

    A class that is predicted but not in the truth of an image costs nothing there.
    """

    def __init__(self) -> None:
        """Start with no image."""
        self._sums = np.zeros(len(CLASS_NAMES))
        self._images = np.zeros(len(CLASS_NAMES), dtype=np.int64)
        self._miou_sum = 0.0
        self._labelled_images = 0

    def add(self, ground_truth: NDArray[np.uint8], predicted: NDArray[np.uint8]) -> None:
        """Count one image of class ids (row, column), 255 unlabelled; one without a label counts for nothing.

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
        """Return `miou`, the mean over images of their mean over classes, and by class the mean over its images.

        `miou_paper_classes` is the mean over those of the eight classes of the paper's tables that occur; NaN where no
        image was counted.
        """
        means = {class_key(c): self._sums[c] / self._images[c] for c in np.flatnonzero(self._images).tolist()}
        miou = self._miou_sum / self._labelled_images if self._labelled_images else float('nan')
        return {'miou': miou, 'miou_paper_classes': paper_mean(means), **means}


def paper_mean(figures: Mapping[str, float]) -> float:
    """Return the mean of the paper's eight classes as far as `iou_` figures hold them, NaN for none."""
    keys = [class_key(CLASS_NAMES.index(name)) for name in PAPER_CLASSES]
    present = [figures[key] for key in keys if key in figures]
    return float(np.mean(present)) if present else float('nan')


def _valid(ground_truth: NDArray[Any], predicted: NDArray[Any]) -> NDArray[np.bool_]:
    check_image_shapes('Depth', predicted, ground_truth)
    return np.asarray(~np.isnan(ground_truth))
