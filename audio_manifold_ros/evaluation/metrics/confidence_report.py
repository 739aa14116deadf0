# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Quality of the confidence: reliability, risk and coverage, calibration error, sparsification."""

from __future__ import annotations

from typing import Any, TypedDict

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.array_types import FloatArray
from audio_manifold_ros.common.errors import EvaluationError
from audio_manifold_ros.evaluation.metrics.ratios import ratio
from audio_manifold_ros.evaluation.metrics.sparsification import Sparsification

FINE_BINS = 1000
RELIABILITY_BINS = 10
COVERAGES = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1)


class ConfidenceFigures(TypedDict):
    """Result of a confidence report.

    Attributes:
        pixels: Number of pixels with ground truth.
        expected_calibration_error: Mean difference between confidence and the fraction of correct pixels.
        aurc: Area under the risk-coverage curve.
        ause: Area under the sparsification error of depth (see `Sparsification`).
        ause_fixed_map: That of the mean confidence of each pixel, which no sound changes.
        ause_random: That of a random order.
        reliability: `pixels`, `confidence` and fraction `right` of each bin.
        risk_coverage: `coverage`, fraction `right` and `abs_rel` of the most confident pixels.

    """

    pixels: int
    expected_calibration_error: float
    aurc: float
    ause: float
    ause_fixed_map: float
    ause_random: float
    reliability: list[dict[str, float]]
    risk_coverage: list[dict[str, float]]


class ConfidenceReport:
    """Pixel counts in 1000 bins of confidence, and sums of errors."""

    def __init__(self) -> None:
        """Start without images."""
        self._valid = np.zeros(FINE_BINS)
        self._correct = np.zeros(FINE_BINS)
        self._confidence = np.zeros(FINE_BINS)
        self._measured = np.zeros(FINE_BINS)
        self._error = np.zeros(FINE_BINS)
        self._sparsification = Sparsification()

    def add(
        self,
        confidence: NDArray[np.floating[Any]],
        correct: NDArray[np.floating[Any]],
        relative_error: NDArray[np.floating[Any]] | None = None,
    ) -> None:
        """Add one image.

        Args:
            confidence: (row, column), 0..1.
            correct: The same shape: 1 correct, 0 wrong, NaN unknown.
            relative_error: The same shape: relative error of depth, NaN without ground truth.

        Raises:
            EvaluationError: Shapes differ, or a confidence is outside 0..1.

        """
        if confidence.shape != correct.shape:
            msg = f'Confidence of shape {confidence.shape}, correctness of {correct.shape}: give images of one size.'
            raise EvaluationError(msg)
        if not (confidence.min() >= 0 and confidence.max() <= 1):
            msg = f'Confidence is from {confidence.min()!r} to {confidence.max()!r}: give values from 0 to 1.'
            raise EvaluationError(msg)
        bins = np.minimum((confidence.ravel() * FINE_BINS).astype(np.int64), FINE_BINS - 1)
        valid = ~np.isnan(correct.ravel())
        self._valid += _binned(bins[valid])
        self._correct += _binned(bins[valid], correct.ravel()[valid])
        self._confidence += _binned(bins[valid], confidence.ravel()[valid])
        if relative_error is not None:
            measured = ~np.isnan(relative_error.ravel())
            self._measured += _binned(bins[measured])
            self._error += _binned(bins[measured], relative_error.ravel()[measured])
            self._sparsification.add(confidence, relative_error)

    def result(self) -> ConfidenceFigures:
        """Return the figures.

        `expected_calibration_error` is the mean of |confidence - fraction of correct pixels| over ten bins, weighted by
        pixels. `reliability` lists those bins. `risk_coverage` lists the fraction of correct pixels and the relative
        error of depth among the most confident fraction of pixels. `aurc` is the area under the risk-coverage curve:
        the fraction of wrong pixels over the coverage.
        """
        valid, correct, confidence = (
            values.reshape(RELIABILITY_BINS, -1).sum(axis=1)
            for values in (self._valid, self._correct, self._confidence)
        )
        gap = np.abs(confidence - correct).sum()
        bins = zip(valid, correct, confidence, strict=True)
        return {
            'pixels': int(valid.sum()),
            'expected_calibration_error': ratio(gap, valid.sum()),
            'aurc': self._aurc(),
            **self._sparsification.result(),
            'reliability': [
                {'pixels': int(n), 'confidence': ratio(c, n), 'right': ratio(r, n)} for n, r, c in bins if n
            ],
            'risk_coverage': [self._at_coverage(coverage) for coverage in COVERAGES],
        }

    def _at_coverage(self, coverage: float) -> dict[str, float]:
        """Return the figures of the most confident pixels. The bin at the limit is counted in part."""
        valid = self._valid[::-1]
        before = valid.cumsum() - valid
        budget = coverage * valid.sum()
        fraction = np.clip(np.divide(budget - before, valid, out=np.zeros(FINE_BINS), where=valid > 0), 0, 1)[::-1]
        return {
            'coverage': coverage,
            'right': ratio((fraction * self._correct).sum(), (fraction * self._valid).sum()),
            'abs_rel': ratio((fraction * self._error).sum(), (fraction * self._measured).sum()),
        }

    def _aurc(self) -> float:
        valid = self._valid[::-1]
        wrong = valid - self._correct[::-1]
        covered, missed = valid.cumsum(), wrong.cumsum()
        risk = np.divide(missed, covered, out=np.zeros(FINE_BINS), where=covered > 0)
        return ratio((risk * valid).sum(), valid.sum())


def _binned(bins: NDArray[np.int64], weights: NDArray[np.floating[Any]] | None = None) -> FloatArray:
    return np.bincount(bins, weights, minlength=FINE_BINS).astype(np.float64)
