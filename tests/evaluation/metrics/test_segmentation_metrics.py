# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Intersection over union compared with sets of pixels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audio_manifold_ros.common.errors import EvaluationError
from audio_manifold_ros.evaluation.metrics.segmentation_metrics import SegmentationMetrics, image_iou


def test_iou_equals_sets_of_pixels_over_all_images() -> None:
    rng = np.random.default_rng(0)
    ground_truth = rng.choice([0, 1, 4, 10, 255], (5, 8, 9)).astype(np.uint8)
    predicted = np.where(
        rng.random(ground_truth.shape) < 0.6, ground_truth, rng.choice([0, 1, 7, 10, 255], ground_truth.shape)
    ).astype(np.uint8)
    metrics = SegmentationMetrics()
    for one, other in zip(ground_truth, predicted, strict=True):
        metrics.add(one, other)
    iou = metrics.iou()
    expected = {}
    for label in range(19):
        true = {i for i, t in enumerate(ground_truth.flat) if t == label}
        prediction = {
            i for i, (t, p) in enumerate(zip(ground_truth.flat, predicted.flat, strict=True)) if p == label and t != 255
        }
        if true | prediction:
            expected[label] = len(true & prediction) / len(true | prediction)
    assert {k: pytest.approx(v) for k, v in enumerate(iou.tolist()) if not np.isnan(v)} == expected
    assert np.flatnonzero(metrics.present).tolist() == [0, 1, 4, 10]
    assert metrics.miou() == pytest.approx(np.mean([expected[k] for k in (0, 1, 4, 10)]))
    known = ground_truth != 255
    assert metrics.accuracy() == pytest.approx((ground_truth == predicted)[known].mean())


def test_a_false_class_is_an_error_of_the_true_class_only() -> None:
    metrics = SegmentationMetrics()
    metrics.add(np.zeros((1, 4), np.uint8), np.array([[0, 0, 0, 255]], np.uint8))
    assert metrics.iou()[0] == pytest.approx(0.75)
    assert metrics.miou() == pytest.approx(0.75)


def test_without_pixels_there_is_no_score() -> None:
    metrics = SegmentationMetrics()
    metrics.add(np.full((2, 2), 255, np.uint8), np.zeros((2, 2), np.uint8))
    assert np.isnan(metrics.miou())
    assert np.isnan(metrics.accuracy())
    assert np.isnan(metrics.iou()).all()


def test_wrong_images_are_refused() -> None:
    metrics = SegmentationMetrics()
    with pytest.raises(EvaluationError, match=r'\(2, 3\)'):
        metrics.add(np.zeros((2, 2), np.uint8), np.zeros((2, 3), np.uint8))
    with pytest.raises(EvaluationError, match='19'):
        metrics.add(np.full((2, 2), 19, np.uint8), np.zeros((2, 2), np.uint8))


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**31))
def test_the_iou_of_an_image_equals_sets_of_pixels(seed: int) -> None:
    rng = np.random.default_rng(seed)
    ids = np.array([0, 1, 10, 13, 18, 255], np.uint8)
    ground_truth, predicted = rng.choice(ids, (2, 5, 6))
    found = image_iou(ground_truth, predicted)
    for class_id in range(19):
        true = {place for place in np.ndindex(ground_truth.shape) if ground_truth[place] == class_id}
        labelled = {place for place in np.ndindex(ground_truth.shape) if ground_truth[place] != 255}
        prediction = {place for place in labelled if predicted[place] == class_id}
        expected = len(true & prediction) / len(true | prediction) if true else np.nan
        assert found[class_id] == pytest.approx(expected, abs=1e-9, nan_ok=True)
