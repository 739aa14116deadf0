# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Depth metrics over a test set of any size, in metres."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.array_types import FloatArray, Mask
from audio_manifold_ros.evaluation.metrics.image_shapes import check_image_shapes

# Depth of the unit `relative` is metres times an unknown factor: the inverse of a teacher's disparity.
MIN_DEPTH_BY_UNIT = {'m': 1.0, 'relative': 0.1}
NEAR_M, FAR_M = MIN_DEPTH_BY_UNIT['m'], 80.0
AUC_STEP = 0.01
AUC_THRESHOLDS = np.arange(30) * AUC_STEP
# No error is below the threshold 0, so a perfect image reaches 29 of the 30 steps.
MAX_AUC = AUC_STEP * (len(AUC_THRESHOLDS) - 1)
PIXEL_SUMS = ('abs_rel', 'sq_rel', 'squared', 'squared_log', 'auc_crr')
Float = TypeVar('Float', bound=np.floating[Any])


class DepthMetrics:
    """Running sums of depth errors over all valid pixels and over further regions.

    Ground truth and prediction are clipped to 1..80 m, or to another lower limit. Pixels with a NaN ground truth are
    ignored. A NaN prediction counts as 80 m, so that a missing prediction is an error.

    `abs_rel`, `sq_rel` (both divided by the ground truth) and `auc_crr` are means over pixels. `rmse` and `rmse_log`
    are computed per image and averaged over the images with a valid pixel (Eigen et al.). `rmse_dataset` and
    `rmse_log_dataset` are computed over all pixels (paper, equation 1). `auc_crr` is the paper's area under the
    fraction of pixels whose relative error is below a threshold of 0 to 0.30 in steps of 0.01. `auc_crr_normalised` is
    `auc_crr` divided by its maximum, 0.29.
    """

    def __init__(self, near_m: float = NEAR_M) -> None:
        """Start without images. Depth is clipped to at least `near_m`."""
        self._near_m = near_m
        self._pixels: dict[str, int] = {}
        self._images: dict[str, int] = {}
        self._sums: dict[str, dict[str, float]] = {}

    def add(
        self,
        ground_truth_m: NDArray[np.floating[Any]],
        predicted_m: NDArray[np.floating[Any]],
        regions: Mapping[str, Mask] | None = None,
    ) -> None:
        """Add one image.

        Args:
            ground_truth_m: (row, column) metres, NaN invalid.
            predicted_m: The same shape, metres.
            regions: Masks of the same shape by name. The whole image is counted under the empty name.

        Raises:
            EvaluationError: The shapes differ.

        """
        check_image_shapes('Depth', predicted_m, ground_truth_m)
        valid = ~np.isnan(ground_truth_m)
        errors = np.stack(_pixel_errors(*clipped(ground_truth_m[valid], predicted_m[valid], self._near_m)))
        self._count('', errors.shape[1], errors.sum(axis=1))
        if regions:
            masks = np.stack([mask[valid] for mask in regions.values()]).astype(np.float64)
            pixels = masks.sum(axis=1).astype(int).tolist()
            for name, count, sums in zip(regions, pixels, masks @ errors.T, strict=True):
                self._count(name, count, sums)

    def result(self, region: str = '') -> dict[str, float]:
        """Return the metrics of a region, NaN without pixels, and `pixels`, the number of counted pixels."""
        pixels, images = self._pixels.get(region, 0), self._images.get(region, 0)
        sums = self._sums.get(region, {})

        def mean(key: str, count: int) -> float:
            return sums[key] / count if count else float('nan')

        return {
            'abs_rel': mean('abs_rel', pixels),
            'sq_rel': mean('sq_rel', pixels),
            'rmse': mean('image_rmse', images),
            'rmse_dataset': mean('squared', pixels) ** 0.5,
            'rmse_log': mean('image_rmse_log', images),
            'rmse_log_dataset': mean('squared_log', pixels) ** 0.5,
            'auc_crr': mean('auc_crr', pixels),
            'auc_crr_normalised': mean('auc_crr', pixels) / MAX_AUC,
            'pixels': pixels,
        }

    @property
    def regions(self) -> tuple[str, ...]:
        """Names of the counted regions. The empty name is the whole image."""
        return tuple(self._sums)

    def _count(self, region: str, pixels: int, errors: FloatArray) -> None:
        sums = self._sums.setdefault(region, dict.fromkeys((*PIXEL_SUMS, 'image_rmse', 'image_rmse_log'), 0.0))
        if not pixels:
            return
        added = dict(zip(PIXEL_SUMS, errors.tolist(), strict=True))
        added['image_rmse'] = (added['squared'] / pixels) ** 0.5
        added['image_rmse_log'] = (added['squared_log'] / pixels) ** 0.5
        for key, value in added.items():
            sums[key] += value
        self._pixels[region] = self._pixels.get(region, 0) + pixels
        self._images[region] = self._images.get(region, 0) + 1


def relative_error(
    ground_truth_m: NDArray[np.floating[Any]], predicted_m: NDArray[np.floating[Any]], near_m: float = NEAR_M
) -> FloatArray:
    """Return |ground truth - prediction| / ground truth of each pixel after clipping, NaN without ground truth."""
    ground_truth, predicted = clipped(ground_truth_m, predicted_m, near_m)
    return np.abs(ground_truth - predicted) / ground_truth


def fill_invalid_with_far(depth_m: NDArray[Float]) -> NDArray[Float]:
    """Return a prediction with NaN replaced by 80 m."""
    return np.where(np.isnan(depth_m), depth_m.dtype.type(FAR_M), depth_m)


def median_scaled(ground_truth_m: NDArray[np.floating[Any]], predicted_m: NDArray[np.floating[Any]]) -> FloatArray:
    """Return a prediction scaled to the median of the ground truth over the valid pixels. NaN counts as 80 m."""
    valid = ~np.isnan(ground_truth_m)
    predicted = fill_invalid_with_far(predicted_m.astype(np.float64))
    if not valid.any():
        return predicted
    return np.asarray(predicted * (np.median(ground_truth_m[valid]) / np.median(predicted[valid])))


def correct_steps(
    relative: FloatArray, thresholds: NDArray[np.floating[Any]] = AUC_THRESHOLDS, step: float = AUC_STEP
) -> FloatArray:
    """Return the contribution of each pixel to AUC_crr: one step for every threshold above its relative error."""
    return np.asarray((len(thresholds) - np.searchsorted(thresholds, relative, side='right')) * step, dtype=np.float64)


def clipped(
    ground_truth_m: NDArray[np.floating[Any]], predicted_m: NDArray[np.floating[Any]], near_m: float = NEAR_M
) -> tuple[FloatArray, FloatArray]:
    """Return ground truth and prediction clipped to `near_m`..80 m. A NaN prediction becomes 80 m."""
    predicted = fill_invalid_with_far(predicted_m.astype(np.float64))
    return np.clip(ground_truth_m.astype(np.float64), near_m, FAR_M), np.clip(predicted, near_m, FAR_M)


def _pixel_errors(ground_truth: FloatArray, predicted: FloatArray) -> tuple[FloatArray, ...]:
    """Return the errors of each pixel in the order of `PIXEL_SUMS`."""
    relative = np.abs(ground_truth - predicted) / ground_truth
    squared = (ground_truth - predicted) ** 2
    return relative, squared / ground_truth, squared, np.log(ground_truth / predicted) ** 2, correct_steps(relative)
