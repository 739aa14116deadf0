# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The paper's metrics where its formulae, its code and this project's `DepthMetrics` disagree.

`PaperDepth` follows equation 1 word for word, `ReferenceDepth` and `ReferenceSegmentation` what the published code
computes. Table values can be compared only with figures of the same convention.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.evaluation.classes import UNLABELLED
from audio_manifold_ros.evaluation.depth_metrics import AUC_STEP, AUC_THRESHOLDS, clipped
from audio_manifold_ros.evaluation.errors import EvaluationError

DEPTH_KEYS = ('abs_rel', 'sq_rel', 'rmse', 'rmse_log', 'auc_crr')
# The published code clips predictions only, and from far nearer.
REFERENCE_NEAR_M, FAR_M = 1e-3, 80.0
REFERENCE_THRESHOLDS = np.linspace(0, 0.3, 30)
REFERENCE_AUC_STEP = 0.1
REFERENCE_SMOOTHING = 1e-10


class PaperDepth:
    """Equation 1: relative errors divided by the prediction, roots over all pixels of the test set at once.

    `auc_crr` is the left sum over the thresholds 0 to 0.30 in steps of 0.01, with the error divided by the truth.
    Truth and prediction are clipped to 1..80 m; a prediction of NaN counts as 80 m.
    """

    def __init__(self) -> None:
        """Start with no image."""
        self._sums = dict.fromkeys(DEPTH_KEYS, 0.0)
        self._pixels = 0

    def add(self, truth_m: NDArray[np.floating[Any]], predicted_m: NDArray[np.floating[Any]]) -> None:
        """Count one image.

        Args:
            truth_m: (row, column) metres, NaN invalid.
            predicted_m: The same shape, metres.

        Raises:
            EvaluationError: The shapes differ.

        """
        valid = _valid(truth_m, predicted_m)
        truth, predicted = clipped(truth_m[valid], predicted_m[valid])
        squared = (truth - predicted) ** 2
        relative = np.abs(truth - predicted) / truth
        above = len(AUC_THRESHOLDS) - np.searchsorted(AUC_THRESHOLDS, relative, side='right')
        values = (
            np.abs(truth - predicted) / predicted,
            squared / predicted,
            squared,
            np.log(truth / predicted) ** 2,
            above * AUC_STEP,
        )
        for key, value in zip(DEPTH_KEYS, values, strict=True):
            self._sums[key] += float(value.sum())
        self._pixels += len(truth)

    def result(self) -> dict[str, float]:
        """Return the metrics by name, NaN where no pixel was counted."""
        means = {key: value / self._pixels if self._pixels else float('nan') for key, value in self._sums.items()}
        return {**means, 'rmse': means['rmse'] ** 0.5, 'rmse_log': means['rmse_log'] ** 0.5}


class ReferenceDepth:
    """The published code: each prediction scaled by the ratio of medians, every metric a mean over images.

    Relative errors are divided by the truth, only the prediction is clipped (to 0.001..80 m), and `auc_crr` is the sum
    of 0.1 times the fraction right below 30 thresholds from 0 to 0.30, so that it reaches 2.9. A prediction of NaN
    counts as 80 m.
    """

    def __init__(self) -> None:
        """Start with no image."""
        self._sums = dict.fromkeys(DEPTH_KEYS, 0.0)
        self._images = 0

    def add(self, truth_m: NDArray[np.floating[Any]], predicted_m: NDArray[np.floating[Any]]) -> None:
        """Count one image (see `PaperDepth.add`); one without a valid pixel counts for nothing."""
        valid = _valid(truth_m, predicted_m)
        if not valid.any():
            return
        truth = truth_m[valid].astype(np.float64)
        predicted = np.nan_to_num(predicted_m[valid].astype(np.float64), nan=FAR_M)
        predicted = np.clip(predicted * (np.median(truth) / np.median(predicted)), REFERENCE_NEAR_M, FAR_M)
        squared = (truth - predicted) ** 2
        relative = np.abs(truth - predicted) / truth
        right = [float((relative < threshold).mean()) for threshold in REFERENCE_THRESHOLDS]
        values = (
            relative.mean(),
            (squared / truth).mean(),
            squared.mean() ** 0.5,
            (np.log(truth / predicted) ** 2).mean() ** 0.5,
            sum(right) * REFERENCE_AUC_STEP,
        )
        for key, value in zip(DEPTH_KEYS, values, strict=True):
            self._sums[key] += float(value)
        self._images += 1

    def result(self) -> dict[str, float]:
        """Return the metrics by name, NaN where no image was counted."""
        return {key: value / self._images if self._images else float('nan') for key, value in self._sums.items()}


class ReferenceSegmentation:
    """The published code: intersection over union of each image over the classes in its truth, then a mean of images.

    A class that is predicted but not in the truth of an image costs nothing there.
    """

    def __init__(self) -> None:
        """Start with no image."""
        self._sum = 0.0
        self._images = 0

    def add(self, truth: NDArray[np.uint8], predicted: NDArray[np.uint8]) -> None:
        """Count one image of class ids (row, column), 255 unlabelled; one without a label counts for nothing.

        Raises:
            EvaluationError: The shapes differ.

        """
        _check_shapes(truth, predicted)
        iou = image_miou(truth, predicted)
        if iou is not None:
            self._sum += iou
            self._images += 1

    def result(self) -> float:
        """Return the mean, NaN where no image was counted."""
        return self._sum / self._images if self._images else float('nan')


def image_miou(truth: NDArray[np.uint8], predicted: NDArray[np.uint8]) -> float | None:
    """Return the mean over the classes in the truth of one image, None if it has none."""
    known = truth != UNLABELLED
    truth, predicted = truth[known], predicted[known]
    classes = np.unique(truth)
    if not classes.size:
        return None
    ratios = []
    for class_id in classes.tolist():
        there, said = truth == class_id, predicted == class_id
        both, either = np.count_nonzero(there & said), np.count_nonzero(there | said)
        ratios.append((both + REFERENCE_SMOOTHING) / (either + REFERENCE_SMOOTHING))
    return float(np.mean(ratios))


def _valid(truth: NDArray[Any], predicted: NDArray[Any]) -> NDArray[np.bool_]:
    _check_shapes(truth, predicted)
    return np.asarray(~np.isnan(truth))


def _check_shapes(truth: NDArray[Any], predicted: NDArray[Any]) -> None:
    if truth.shape != predicted.shape or truth.ndim != 2:
        msg = f'An image of shape {predicted.shape} against a truth of {truth.shape}: give two images of one size.'
        raise EvaluationError(msg)
