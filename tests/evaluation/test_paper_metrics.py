# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audio_manifold_ros.evaluation.conventions import Conventions
from audio_manifold_ros.evaluation.depth_metrics import DepthMetrics, median_scaled
from audio_manifold_ros.evaluation.errors import EvaluationError
from audio_manifold_ros.evaluation.paper_metrics import PaperDepth, ReferenceDepth, ReferenceSegmentation
from audio_manifold_ros.evaluation.scores import Images
from audio_manifold_ros.evaluation.segmentation_metrics import SegmentationMetrics

TRUTH_M = np.array([[4.0, 10.0], [20.0, np.nan]])


def test_the_paper_divides_by_the_prediction_and_takes_roots_over_all_pixels() -> None:
    paper = PaperDepth()
    paper.add(TRUTH_M, np.array([[8.0, 10.0], [40.0, 5.0]]))
    paper.add(np.array([[10.0]]), np.array([[5.0]]))
    found = paper.result()
    assert found['abs_rel'] == pytest.approx((0.5 + 0 + 0.5 + 1) / 4)
    assert found['sq_rel'] == pytest.approx((16 / 8 + 0 + 400 / 40 + 25 / 5) / 4)
    assert found['rmse'] == pytest.approx(((16 + 0 + 400 + 25) / 4) ** 0.5)
    assert found['rmse_log'] == pytest.approx((3 * np.log(2) ** 2 / 4) ** 0.5)
    assert found['auc_crr'] == pytest.approx(0.29 / 4)


def test_the_published_code_matches_medians_first() -> None:
    reference = ReferenceDepth()
    reference.add(TRUTH_M, TRUTH_M * 3)
    found = reference.result()
    assert found['abs_rel'] == pytest.approx(0, abs=1e-12)
    assert found['auc_crr'] == pytest.approx(2.9)
    assert ReferenceDepth().result()['rmse'] != ReferenceDepth().result()['rmse']  # NaN without an image


def test_the_published_code_averages_over_images() -> None:
    reference = ReferenceDepth()
    reference.add(np.array([[2.0, 2.0, 4.0]]), np.array([[2.0, 2.0, 8.0]]))
    reference.add(np.full((3, 3), 7.0), np.full((3, 3), 1.0))
    assert reference.result()['abs_rel'] == pytest.approx((1 / 3 + 0) / 2)
    assert reference.result()['rmse'] == pytest.approx(((16 / 3) ** 0.5 + 0) / 2)


def test_an_image_without_truth_counts_for_nothing() -> None:
    nothing = np.full((2, 2), np.nan)
    for metrics in (PaperDepth(), ReferenceDepth()):
        metrics.add(nothing, np.ones((2, 2)))
        assert np.isnan(metrics.result()['abs_rel'])
        with pytest.raises(EvaluationError, match=r'\(2, 3\)'):
            metrics.add(np.ones((2, 2)), np.ones((2, 3)))


def test_classes_that_an_image_lacks_cost_nothing_in_the_published_code() -> None:
    reference = ReferenceSegmentation()
    reference.add(np.array([[0, 0, 1, 255]], np.uint8), np.array([[0, 5, 1, 9]], np.uint8))
    wanted = {'miou': 0.75, 'miou_paper_classes': 0.75, 'iou_road': 0.5, 'iou_sidewalk': 1.0}
    assert reference.result() == pytest.approx(wanted)
    reference.add(np.full((1, 4), 255, np.uint8), np.zeros((1, 4), np.uint8))
    assert reference.result() == pytest.approx(wanted)
    reference.add(np.array([[0, 0, 9]], np.uint8), np.array([[0, 0, 9]], np.uint8))
    assert reference.result() == pytest.approx(
        {'miou': (0.75 + 1) / 2, 'miou_paper_classes': 2.75 / 3, 'iou_road': 0.75, 'iou_sidewalk': 1, 'iou_terrain': 1}
    )


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**31))
def test_where_all_agree_conventions_do_too(seed: int) -> None:
    """One image whose prediction has the truth's median: RMSE, RMSE log and the AUC's curve are the same."""
    rng = np.random.default_rng(seed)
    truth_m = rng.uniform(2, 70, (8, 9))
    predicted_m = median_scaled(truth_m, rng.uniform(2, 60, (8, 9)))
    predicted_m = np.clip(predicted_m, 1, 80)
    paper, house = PaperDepth(), DepthMetrics()
    paper.add(truth_m, predicted_m)
    house.add(truth_m, predicted_m)
    for key in ('rmse', 'rmse_log', 'auc_crr'):
        assert paper.result()[key] == pytest.approx(house.result()[key])
    assert np.median(median_scaled(truth_m, predicted_m)) == pytest.approx(np.median(truth_m))


def test_conventions_stand_side_by_side() -> None:
    truth = Images(np.full((4, 4), 10.0), np.zeros((4, 4), np.uint8))
    conventions = Conventions()
    conventions.add(truth, {'model': Images(np.full((4, 4), 20.0), truth.labels), 'mono': Images(None, truth.labels)})
    counts = {'model': SegmentationMetrics(), 'mono': SegmentationMetrics()}
    there = np.array([[0, 0, 13, 13, 15]], np.uint8)
    counts['model'].add(there, np.array([[0, 2, 13, 2, 15]], np.uint8))
    counts['mono'].add(there[:, :2], np.array([[0, 255]], np.uint8))
    found = conventions.result(counts)
    assert found['paper']['abs_rel'] == pytest.approx(0.5)
    assert found['reference']['abs_rel'] == found['median_scaled']['abs_rel'] == 0
    assert found['paper_median_scaled']['abs_rel'] == 0
    assert found['paper']['miou'] == pytest.approx(0.5)
    assert found['paper']['miou_mono'] == pytest.approx(0.5)
    assert found['reference']['miou_mono'] == 1
    assert 'abs_rel_mono' not in found['paper']
