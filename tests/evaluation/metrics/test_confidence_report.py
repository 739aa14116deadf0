# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Figures of the confidence report compared with sorting all pixels."""

from __future__ import annotations

import numpy as np
import pytest

from audio_manifold_ros.common.errors import EvaluationError
from audio_manifold_ros.evaluation.metrics.confidence_report import ConfidenceReport


def _pixels(count: int = 200_000) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(2)
    confidence = rng.beta(2, 2, (2, count // 2)).astype(np.float32)
    right = (rng.random(confidence.shape) < confidence).astype(np.float64)
    return confidence, right, rng.exponential(1.2 - confidence)


def test_a_calibrated_confidence_is_reported_as_such() -> None:
    confidence, right, error = _pixels()
    report = ConfidenceReport()
    for image in range(2):
        report.add(confidence[image : image + 1], right[image : image + 1], error[image : image + 1])
    result = report.result()
    assert result['expected_calibration_error'] < 0.01
    assert result['pixels'] == confidence.size
    for row in result['reliability']:
        assert row['right'] == pytest.approx(row['confidence'], abs=0.02)


def test_risk_and_coverage_equal_sorted_pixels() -> None:
    confidence, right, error = _pixels()
    report = ConfidenceReport()
    report.add(confidence, right, error)
    result = report.result()
    order = np.argsort(-confidence.ravel())
    for row in result['risk_coverage']:
        chosen = order[: round(row['coverage'] * order.size)]
        assert row['right'] == pytest.approx(right.ravel()[chosen].mean(), abs=2e-3)
        assert row['abs_rel'] == pytest.approx(error.ravel()[chosen].mean(), abs=4e-3)
    risk = np.cumsum(1 - right.ravel()[order]) / np.arange(1, order.size + 1)
    assert result['aurc'] == pytest.approx(risk.mean(), abs=2e-3)


def test_overconfidence_is_measured() -> None:
    report = ConfidenceReport()
    right = np.zeros((10, 10))
    right[:5] = 1
    report.add(np.full((10, 10), 0.9), right)
    result = report.result()
    assert result['expected_calibration_error'] == pytest.approx(0.4)
    assert result['reliability'] == [{'pixels': 100, 'confidence': pytest.approx(0.9), 'right': pytest.approx(0.5)}]


def test_unknown_pixels_do_not_count() -> None:
    report = ConfidenceReport()
    report.add(np.array([[0.5, 0.5]]), np.array([[1.0, np.nan]]), np.array([[np.nan, 0.3]]))
    result = report.result()
    assert result['pixels'] == 1
    assert result['risk_coverage'][0] == {'coverage': 1.0, 'right': 1.0, 'abs_rel': pytest.approx(0.3)}


def test_wrong_values_are_refused() -> None:
    for bad in (np.array([[1.1]]), np.array([[np.nan]])):
        with pytest.raises(EvaluationError, match='0 to 1'):
            ConfidenceReport().add(bad, np.ones((1, 1)))
    with pytest.raises(EvaluationError, match='one size'):
        ConfidenceReport().add(np.ones((1, 2)), np.ones((1, 1)))
