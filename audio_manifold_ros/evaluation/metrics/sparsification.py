# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Sparsification error (AUSE): how well a confidence orders pixels by their error."""

from __future__ import annotations

import math
from typing import Any, TypedDict

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.array_types import FloatArray
from audio_manifold_ros.common.errors import EvaluationError

# Bins of confidence, and logarithmic bins of error for the order by the true error.
CONFIDENCE_BINS, ERROR_BINS = 1000, 4000
MIN_ERROR, MAX_ERROR = 1e-5, 1e3


class SparsificationFigures(TypedDict):
    """Areas under the sparsification error, 0 for the best order.

    Attributes:
        ause: Of the confidence.
        ause_fixed_map: Of the mean confidence of each pixel over all windows, which no sound changes.
        ause_random: Of a random order.

    """

    ause: float
    ause_fixed_map: float
    ause_random: float


class Sparsification:
    """Sums of errors by confidence, by error and by pixel.

    The sparsification curve is the mean error of the most confident fraction of all pixels, divided by the mean error
    of all. AUSE (Ilg et al., ECCV 2018) is the area between this curve and that of the order by the true error.
    """

    def __init__(self) -> None:
        """Start without images."""
        self._by_confidence = np.zeros((2, CONFIDENCE_BINS))
        self._by_error = np.zeros((2, ERROR_BINS))
        self._by_pixel: FloatArray | None = None
        self._confidence_by_pixel: FloatArray | None = None

    def add(self, confidence: NDArray[np.floating[Any]], error: NDArray[np.floating[Any]]) -> None:
        """Add one image.

        Args:
            confidence: (row, column), 0..1.
            error: The same shape, not negative, NaN without ground truth.

        Raises:
            EvaluationError: The image has another size than those before.

        """
        if self._by_pixel is None or self._confidence_by_pixel is None:
            self._by_pixel = np.zeros((2, *confidence.shape))
            self._confidence_by_pixel = np.zeros(confidence.shape)
        if confidence.shape != self._confidence_by_pixel.shape or error.shape != confidence.shape:
            msg = (
                f'Confidence of shape {confidence.shape}, error of {error.shape} after images of '
                f'{self._confidence_by_pixel.shape}: give images of one size.'
            )
            raise EvaluationError(msg)
        known = ~np.isnan(error)
        values = error[known].astype(np.float64)
        bins = np.minimum((confidence[known] * CONFIDENCE_BINS).astype(np.int64), CONFIDENCE_BINS - 1)
        self._by_confidence += _binned(bins, values, CONFIDENCE_BINS)
        scaled = np.log(np.clip(values, MIN_ERROR, MAX_ERROR) / MIN_ERROR) / math.log(MAX_ERROR / MIN_ERROR)
        bins = np.minimum((scaled * ERROR_BINS).astype(np.int64), ERROR_BINS - 1)
        self._by_error += _binned(bins, values, ERROR_BINS)
        self._by_pixel += np.stack([known, np.nan_to_num(error)])
        self._confidence_by_pixel += confidence

    def result(self) -> SparsificationFigures:
        """Return the areas, NaN without pixels or without an error."""
        if self._by_pixel is None or self._confidence_by_pixel is None or not self._by_error[1].sum():
            return {'ause': math.nan, 'ause_fixed_map': math.nan, 'ause_random': math.nan}
        best = curve_area(*self._by_error)
        order = np.argsort(-self._confidence_by_pixel.ravel(), kind='stable')
        fixed = self._by_pixel.reshape(2, -1)[:, order]
        return {
            'ause': curve_area(*self._by_confidence[:, ::-1]) - best,
            'ause_fixed_map': curve_area(*fixed) - best,
            'ause_random': 1 - best,
        }


def curve_area(pixels: FloatArray, errors: FloatArray) -> float:
    """Return the area under the sparsification curve of groups of pixels, the most confident group first.

    The pixels of a group are in random order.

    Args:
        pixels: Number of pixels of each group.
        errors: Sum of their errors.

    """
    counts, sums = pixels[pixels > 0], errors[pixels > 0]
    means = sums / counts
    before = counts.cumsum() - counts
    excess = sums.cumsum() - sums - means * before
    # Integral of (sum before + t · mean) / (count before + t) over the t pixels of the group.
    growth = np.log1p(np.divide(counts, before, out=np.zeros(len(counts)), where=before > 0))
    return float((sums + excess * growth).sum() / sums.sum())


def _binned(bins: NDArray[np.int64], values: FloatArray, size: int) -> FloatArray:
    return np.stack([np.bincount(bins, minlength=size), np.bincount(bins, values, minlength=size)]).astype(np.float64)
