# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest

from audio_manifold_ros.evaluation.metrics.metric_suite import MetricSuite
from audio_manifold_ros.evaluation.metrics.modality_metrics import resize_depth_bilinear
from audio_manifold_ros.modalities.modality_images import ModalityImages
from tests.evaluation.metrics.test_object_metrics import CAMERA
from tests.evaluation.metrics.test_structure_metrics import filled_with_far, synthetic_street


def test_depth_is_interpolated_bilinearly_and_nan_counts_as_80_m() -> None:
    slope = np.tile(np.arange(8, dtype=np.float32), (4, 1))
    found = resize_depth_bilinear(slope, 4, 16)
    np.testing.assert_allclose(found[0, 1:-1], (np.arange(1, 15) - 0.5) / 2, atol=1e-5)
    assert (resize_depth_bilinear(np.full((2, 2), np.nan), 4, 4) == 80).all()


def test_ground_truth_of_another_size_is_scored_as_well() -> None:
    ground_truth = synthetic_street()
    large = ModalityImages(
        *(image.repeat(3, axis=0).repeat(3, axis=1) for image in (ground_truth.depth_m, ground_truth.labels))
    )
    suite, without_native = MetricSuite(CAMERA), MetricSuite(CAMERA)
    predicted = {'model': filled_with_far(synthetic_street(44)), 'prior': filled_with_far(synthetic_street(90))}
    suite.add(ground_truth, predicted, native=large)
    without_native.add(ground_truth, predicted)
    found, expected = suite.result(), without_native.result()
    native = found.pop('native')
    assert expected.pop('native') == {}
    assert found == expected
    assert native['depth']['size'] == native['segmentation']['size'] == [384, 384]
    # Classes are enlarged pixel by pixel, so their scores are equal. Depth is interpolated across edges.
    assert native['segmentation']['miou'] == found['segmentation']['miou']
    assert native['segmentation']['iou_car_prior'] == found['segmentation']['iou_car_prior']
    assert native['depth']['abs_rel_prior'] == pytest.approx(found['depth']['abs_rel_prior'], rel=0.1)
    assert native['depth']['pixels'] == 9 * found['depth']['pixels']
