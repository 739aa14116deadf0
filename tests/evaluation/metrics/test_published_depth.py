# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Depth as the node publishes it: NaN where the prediction is sky."""

from __future__ import annotations

import math

import numpy as np
import pytest

from audio_manifold_ros.common.class_ids import CLASS_NAMES, SKY
from audio_manifold_ros.evaluation.metrics.metric_suite import MetricSuite
from audio_manifold_ros.evaluation.metrics.published_depth import PublishedDepth
from audio_manifold_ros.modalities.modality_images import ModalityImages

BUILDING = CLASS_NAMES.index('building')
NAN = math.nan


def images(depth_m: list[float], labels: list[int]) -> ModalityImages:
    return ModalityImages(np.array([depth_m], dtype=np.float32), np.array([labels], dtype=np.uint8))


# Two pixels of a façade at 10 m, and two of sky.
TRUTH = images([10.0, 10.0, NAN, NAN], [BUILDING, BUILDING, SKY, SKY])


def test_a_pixel_of_a_facade_that_is_predicted_as_sky_counts_as_80_m() -> None:
    scores = PublishedDepth()
    scores.add(TRUTH, {'model': images([12.0, 10.0, 40.0, 40.0], [BUILDING, SKY, SKY, BUILDING])})
    found = scores.result()
    assert found['abs_rel'] == pytest.approx((0.2 + 7.0) / 2)
    assert found['missing_depth'] == 0.5
    assert found['depth_in_sky'] == 0.5


def test_each_control_has_its_own_figures() -> None:
    scores = PublishedDepth()
    right = images([10.0, 10.0, 40.0, 40.0], [BUILDING, BUILDING, SKY, SKY])
    scores.add(TRUTH, {'model': right, 'prior': images([10.0, 10.0, 40.0, 40.0], [BUILDING] * 4)})
    found = scores.result()
    assert (found['abs_rel'], found['missing_depth'], found['depth_in_sky']) == (0, 0, 0)
    assert (found['abs_rel_prior'], found['missing_depth_prior'], found['depth_in_sky_prior']) == (0, 0, 1)


def test_windows_add_up_by_pixels() -> None:
    scores = PublishedDepth()
    scores.add(TRUTH, {'model': images([10.0, 10.0, 40.0, 40.0], [BUILDING, BUILDING, SKY, SKY])})
    scores.add(images([10.0, 20.0, 40.0, NAN], [BUILDING] * 3 + [SKY]), {'model': images([20.0] * 4, [BUILDING] * 4)})
    assert scores.result()['abs_rel'] == pytest.approx((0 + 0 + 1.0 + 0 + 0.5) / 5)
    assert scores.result()['depth_in_sky'] == pytest.approx(1 / 3)


def test_the_suite_has_figures_of_published_depth_only_with_depth_and_classes() -> None:
    predicted = images([12.0, 10.0, 40.0, 40.0], [BUILDING, SKY, SKY, BUILDING])
    suite = MetricSuite(structure=False)
    suite.add(TRUTH, {'model': predicted})
    assert suite.result()['published'] == {'abs_rel': pytest.approx(3.6), 'missing_depth': 0.5, 'depth_in_sky': 0.5}
    depth_only = MetricSuite(structure=False)
    depth_only.add(ModalityImages(TRUTH.depth_m, None), {'model': ModalityImages(predicted.depth_m, None)})
    assert 'published' not in depth_only.result()
