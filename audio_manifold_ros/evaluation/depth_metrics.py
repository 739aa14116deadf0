# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Errors of depth images, in metres, over a test set of any size."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.evaluation.errors import EvaluationError

NEAR_M, FAR_M = 1.0, 80.0
AUC_STEP = 0.01
AUC_THRESHOLDS = np.arange(30) * AUC_STEP
# Nothing is below the threshold 0, so that a perfect image reaches 29 of the 30 steps.
AUC_GREATEST = AUC_STEP * (len(AUC_THRESHOLDS) - 1)
Mask = NDArray[np.bool_]
Errors = dict[str, NDArray[np.float64]]


class DepthMetrics:
    """Running sums of the errors of depth images, over all valid pixels and over any other regions of them.

    Truth and prediction are clipped to 1..80 m. Where the truth is NaN nothing is counted; where only the prediction
    is NaN it counts as 80 m, so that withholding an answer earns nothing.

    `abs_rel`, `sq_rel` (both divided by the truth) and `auc_crr` are means over pixels; `rmse` and `rmse_log` are taken
    per image and averaged over the images that have a valid pixel (Eigen et al.); `rmse_dataset` is over all pixels at
    once (paper, equation 1). `auc_crr` is the paper's area under the fraction of pixels whose relative error lies below
    a threshold of 0 to 0.30 in steps of 0.01; `auc_crr_normalised` divides it by the greatest value it can take, 0.29.
    """

    def __init__(self) -> None:
        """Start with no image."""
        self._pixels: dict[str, int] = {}
        self._images: dict[str, int] = {}
        self._sums: dict[str, dict[str, float]] = {}

    def add(
        self,
        truth_m: NDArray[np.floating[Any]],
        predicted_m: NDArray[np.floating[Any]],
        regions: dict[str, Mask] | None = None,
    ) -> None:
        """Count one image.

        Args:
            truth_m: (row, column) metres, NaN invalid.
            predicted_m: The same shape, metres.
            regions: Masks of the same shape by name; the whole image is counted under the empty name.

        Raises:
            EvaluationError: The shapes differ.

        """
        if truth_m.shape != predicted_m.shape or truth_m.ndim != 2:
            msg = f'Depth of shape {predicted_m.shape} against a truth of {truth_m.shape}: give two images of one size.'
            raise EvaluationError(msg)
        valid = ~np.isnan(truth_m)
        errors = _pixel_errors(truth_m[valid], predicted_m[valid])
        self._count('', errors, None)
        for name, mask in (regions or {}).items():
            self._count(name, errors, mask[valid])

    def result(self, region: str = '') -> dict[str, float]:
        """Return the metrics of a region by name, NaN where no pixel was counted, and `pixels`, the number counted."""
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
            'auc_crr': mean('auc_crr', pixels),
            'auc_crr_normalised': mean('auc_crr', pixels) / AUC_GREATEST,
            'pixels': pixels,
        }

    @property
    def regions(self) -> tuple[str, ...]:
        """Names of the regions counted so far; the empty one is the whole image."""
        return tuple(self._sums)

    def _count(self, region: str, errors: Errors, mask: Mask | None) -> None:
        sums = self._sums.setdefault(
            region, dict.fromkeys(('abs_rel', 'sq_rel', 'squared', 'auc_crr', 'image_rmse', 'image_rmse_log'), 0.0)
        )
        inside = {key: values if mask is None else values[mask] for key, values in errors.items()}
        pixels = len(inside['abs_rel'])
        if not pixels:
            return
        for key in ('abs_rel', 'sq_rel', 'squared', 'auc_crr'):
            sums[key] += float(inside[key].sum())
        sums['image_rmse'] += float(inside['squared'].mean()) ** 0.5
        sums['image_rmse_log'] += float(inside['squared_log'].mean()) ** 0.5
        self._pixels[region] = self._pixels.get(region, 0) + pixels
        self._images[region] = self._images.get(region, 0) + 1


def relative_error(truth_m: NDArray[np.floating[Any]], predicted_m: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Return |truth - prediction| / truth of each pixel after clipping, NaN where the truth is."""
    truth, predicted = clipped(truth_m, predicted_m)
    return np.abs(truth - predicted) / truth


def clipped(
    truth_m: NDArray[np.floating[Any]], predicted_m: NDArray[np.floating[Any]]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return truth and prediction within 1..80 m; a prediction of NaN becomes 80 m."""
    predicted = np.nan_to_num(predicted_m.astype(np.float64), nan=FAR_M)
    return np.clip(truth_m.astype(np.float64), NEAR_M, FAR_M), np.clip(predicted, NEAR_M, FAR_M)


def _pixel_errors(truth_m: NDArray[np.floating[Any]], predicted_m: NDArray[np.floating[Any]]) -> Errors:
    truth, predicted = clipped(truth_m, predicted_m)
    relative = relative_error(truth_m, predicted_m)
    squared = (truth - predicted) ** 2
    # A pixel lies below every threshold but those that do not exceed its error.
    above = len(AUC_THRESHOLDS) - np.searchsorted(AUC_THRESHOLDS, relative, side='right')
    return {
        'abs_rel': relative,
        'sq_rel': squared / truth,
        'squared': squared,
        'squared_log': np.log(truth / predicted) ** 2,
        'auc_crr': above * AUC_STEP,
    }
