# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import statistics

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audio_manifold_ros.common.errors import EvaluationError
from audio_manifold_ros.evaluation.metrics.depth_metrics import DepthMetrics, median_scaled
from audio_manifold_ros.evaluation.metrics.paper_metrics import (
    PAPER_CLASSES,
    PaperDepth,
    ReferenceDepth,
    ReferenceSegmentation,
    paper_mean,
)

GROUND_TRUTH_M = np.array([[4.0, 10.0], [20.0, np.nan]])


def test_the_paper_divides_by_the_prediction_and_takes_roots_over_all_pixels() -> None:
    paper = PaperDepth()
    paper.add(GROUND_TRUTH_M, np.array([[8.0, 10.0], [40.0, 5.0]]))
    paper.add(np.array([[10.0]]), np.array([[5.0]]))
    found = paper.result()
    assert found['abs_rel'] == pytest.approx((0.5 + 0 + 0.5 + 1) / 4)
    assert found['sq_rel'] == pytest.approx((16 / 8 + 0 + 400 / 40 + 25 / 5) / 4)
    assert found['rmse'] == pytest.approx(((16 + 0 + 400 + 25) / 4) ** 0.5)
    assert found['rmse_log'] == pytest.approx((3 * np.log(2) ** 2 / 4) ** 0.5)
    assert found['auc_crr'] == pytest.approx(0.29 / 4)


def test_the_published_code_scales_to_the_median_first() -> None:
    reference = ReferenceDepth()
    reference.add(GROUND_TRUTH_M, GROUND_TRUTH_M * 3)
    found = reference.result()
    assert found['abs_rel'] == pytest.approx(0, abs=1e-12)
    assert found['auc_crr'] == pytest.approx(2.9)
    assert ReferenceDepth().result()['rmse'] != ReferenceDepth().result()['rmse']  # NaN without images


def test_the_published_code_averages_over_images() -> None:
    reference = ReferenceDepth()
    reference.add(np.array([[2.0, 2.0, 4.0]]), np.array([[2.0, 2.0, 8.0]]))
    reference.add(np.full((3, 3), 7.0), np.full((3, 3), 1.0))
    assert reference.result()['abs_rel'] == pytest.approx((1 / 3 + 0) / 2)
    assert reference.result()['rmse'] == pytest.approx(((16 / 3) ** 0.5 + 0) / 2)


def test_an_image_without_ground_truth_is_ignored() -> None:
    invalid = np.full((2, 2), np.nan)
    for metrics in (PaperDepth(), ReferenceDepth()):
        metrics.add(invalid, np.ones((2, 2)))
        assert np.isnan(metrics.result()['abs_rel'])
        with pytest.raises(EvaluationError, match=r'\(2, 3\)'):
            metrics.add(np.ones((2, 2)), np.ones((2, 3)))


def test_the_published_code_ignores_classes_that_an_image_lacks() -> None:
    reference = ReferenceSegmentation()
    reference.add(np.array([[0, 0, 1, 255]], np.uint8), np.array([[0, 5, 1, 9]], np.uint8))
    expected = {'miou': 0.75, 'miou_paper_classes': 0.75, 'iou_road': 0.5, 'iou_sidewalk': 1.0}
    assert reference.result() == pytest.approx(expected)
    reference.add(np.full((1, 4), 255, np.uint8), np.zeros((1, 4), np.uint8))
    assert reference.result() == pytest.approx(expected)
    reference.add(np.array([[0, 0, 9]], np.uint8), np.array([[0, 0, 9]], np.uint8))
    assert reference.result() == pytest.approx(
        {'miou': (0.75 + 1) / 2, 'miou_paper_classes': 2.75 / 3, 'iou_road': 0.75, 'iou_sidewalk': 1, 'iou_terrain': 1}
    )


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**31))
def test_conventions_agree_for_one_image_with_equal_medians(seed: int) -> None:
    """Check RMSE, RMSE log and AUC of one image whose prediction has the median of the ground truth."""
    rng = np.random.default_rng(seed)
    ground_truth_m = rng.uniform(2, 70, (8, 9))
    predicted_m = median_scaled(ground_truth_m, rng.uniform(2, 60, (8, 9)))
    predicted_m = np.clip(predicted_m, 1, 80)
    paper, project = PaperDepth(), DepthMetrics()
    paper.add(ground_truth_m, predicted_m)
    project.add(ground_truth_m, predicted_m)
    for key in ('rmse', 'rmse_log', 'auc_crr'):
        assert paper.result()[key] == pytest.approx(project.result()[key])
    assert np.median(median_scaled(ground_truth_m, predicted_m)) == pytest.approx(np.median(ground_truth_m))


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**31), st.integers(1, 3))
def test_the_reference_equals_the_steps_of_the_published_code(seed: int, images: int) -> None:
    rng = np.random.default_rng(seed)
    reference, expected = ReferenceDepth(), []
    for _ in range(images):
        ground_truth_m = rng.uniform(0.5, 90, (6, 7))
        predicted_m = ground_truth_m * np.exp(rng.normal(0, 0.2, ground_truth_m.shape))
        ground_truth_m[0, :2], predicted_m[1, 0] = np.nan, np.nan
        reference.add(ground_truth_m, predicted_m)
        pairs = [
            (y, 80.0 if np.isnan(p) else p)
            for y, p in zip(ground_truth_m.flat, predicted_m.flat, strict=True)
            if not np.isnan(y)
        ]
        ratio = statistics.median(y for y, _ in pairs) / statistics.median(p for _, p in pairs)
        pairs = [(y, min(max(p * ratio, 1e-3), 80.0)) for y, p in pairs]
        n = len(pairs)
        fractions = [sum(abs(y - p) / y < 0.3 * k / 29 for y, p in pairs) / n for k in range(30)]
        by_equation = [sum(abs(y - p) / y < k / 100 for y, p in pairs) / n for k in range(30)]
        expected.append(
            {
                'abs_rel': sum(abs(y - p) / y for y, p in pairs) / n,
                'sq_rel': sum((y - p) ** 2 / y for y, p in pairs) / n,
                'rmse': (sum((y - p) ** 2 for y, p in pairs) / n) ** 0.5,
                'rmse_log': (sum((np.log(y) - np.log(p)) ** 2 for y, p in pairs) / n) ** 0.5,
                'auc_crr': sum(fractions) * 0.1,
                'auc_crr_equation': sum(by_equation) * 0.01,
            }
        )
    means = {key: sum(image[key] for image in expected) / images for key in expected[0]}
    assert reference.result() == pytest.approx(means, rel=1e-9)


def test_the_average_of_the_paper_is_over_those_of_eight_classes_that_occur() -> None:
    figures = {f'iou_{name}': place / 10 for place, name in enumerate(PAPER_CLASSES)}
    assert paper_mean({**figures, 'iou_bus': 9.0, 'miou': 9.0}) == pytest.approx(0.35)
    assert paper_mean({'iou_road': 0.2, 'iou_car': 0.4, 'iou_bus': 1.0}) == pytest.approx(0.3)
    assert np.isnan(paper_mean({'iou_bus': 1.0}))
