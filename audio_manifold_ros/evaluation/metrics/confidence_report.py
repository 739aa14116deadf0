# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Whether confidence means something: how often confident pixels are right, how error falls as confidence rises."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.evaluation.errors import EvaluationError

FINE_BINS = 1000
RELIABILITY_BINS = 10
COVERAGES = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1)
Array = NDArray[np.float64]


class ConfidenceReport:
    """Counts pixels into 1000 bins of confidence, from which every figure follows."""

    def __init__(self) -> None:
        """Start with no image."""
        self._known = np.zeros(FINE_BINS)
        self._right = np.zeros(FINE_BINS)
        self._confidence = np.zeros(FINE_BINS)
        self._measured = np.zeros(FINE_BINS)
        self._error = np.zeros(FINE_BINS)

    def add(
        self,
        confidence: NDArray[np.floating[Any]],
        right: NDArray[np.floating[Any]],
        relative_error: NDArray[np.floating[Any]] | None = None,
    ) -> None:
        """Count one image.

        Args:
            confidence: (row, column), 0..1.
            right: The same shape: 1 right, 0 wrong, NaN unknown.
            relative_error: The same shape: relative error of depth, NaN where there is no truth.

        Raises:
            EvaluationError: Shapes differ, or a confidence lies outside 0..1.

        """
        if confidence.shape != right.shape:
            msg = f'Confidence of shape {confidence.shape} against {right.shape}: give two images of one size.'
            raise EvaluationError(msg)
        if not (confidence.min() >= 0 and confidence.max() <= 1):
            msg = f'Confidence from {confidence.min()!r} to {confidence.max()!r}: give values from 0 to 1.'
            raise EvaluationError(msg)
        bins = np.minimum((confidence.ravel() * FINE_BINS).astype(np.int64), FINE_BINS - 1)
        known = ~np.isnan(right.ravel())
        self._known += _binned(bins[known])
        self._right += _binned(bins[known], right.ravel()[known])
        self._confidence += _binned(bins[known], confidence.ravel()[known])
        if relative_error is not None:
            measured = ~np.isnan(relative_error.ravel())
            self._measured += _binned(bins[measured])
            self._error += _binned(bins[measured], relative_error.ravel()[measured])

    def result(self) -> dict[str, Any]:
        """Return the figures.

        `expected_calibration_error` is the mean of |confidence - fraction right| over ten bins, weighted by pixels;
        `reliability` lists those bins; `risk_coverage` lists what is right among the most confident share of pixels and
        how large their relative error of depth is; `aurc` is the area under the fraction wrong over the share.
        """
        known, right, confidence = (
            values.reshape(RELIABILITY_BINS, -1).sum(axis=1) for values in (self._known, self._right, self._confidence)
        )
        gap = np.abs(confidence - right).sum()
        bins = zip(known, right, confidence, strict=True)
        return {
            'pixels': int(known.sum()),
            'expected_calibration_error': _ratio(gap, known.sum()),
            'aurc': self._aurc(),
            'reliability': [
                {'pixels': int(n), 'confidence': _ratio(c, n), 'right': _ratio(r, n)} for n, r, c in bins if n
            ],
            'risk_coverage': [self._at_coverage(coverage) for coverage in COVERAGES],
        }

    def _at_coverage(self, coverage: float) -> dict[str, float]:
        """Return the figures of the most confident pixels; a bin at the border counts in part."""
        known = self._known[::-1]
        before = known.cumsum() - known
        budget = coverage * known.sum()
        share = np.clip(np.divide(budget - before, known, out=np.zeros(FINE_BINS), where=known > 0), 0, 1)[::-1]
        return {
            'coverage': coverage,
            'right': _ratio((share * self._right).sum(), (share * self._known).sum()),
            'abs_rel': _ratio((share * self._error).sum(), (share * self._measured).sum()),
        }

    def _aurc(self) -> float:
        known = self._known[::-1]
        wrong = known - self._right[::-1]
        covered, missed = known.cumsum(), wrong.cumsum()
        risk = np.divide(missed, covered, out=np.zeros(FINE_BINS), where=covered > 0)
        return _ratio((risk * known).sum(), known.sum())


def _binned(bins: NDArray[np.int64], weights: NDArray[np.floating[Any]] | None = None) -> Array:
    return np.bincount(bins, weights, minlength=FINE_BINS).astype(np.float64)


def _ratio(part: float, whole: float) -> float:
    return float(part / whole) if whole else float('nan')
