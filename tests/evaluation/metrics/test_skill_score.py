# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from audio_manifold_ros.evaluation.metrics.depth_metrics import DepthMetrics
from audio_manifold_ros.evaluation.metrics.segmentation_metrics import SegmentationMetrics
from audio_manifold_ros.evaluation.metrics.skill_score import skill_scores


def test_a_skill_score_is_one_minus_the_ratio_of_squared_errors() -> None:
    rng = np.random.default_rng(0)
    ground_truth_m = np.exp(rng.uniform(0.2, 4, (6, 20, 20)))
    predicted: dict[str, NDArray[np.float64]] = {
        'model': ground_truth_m * np.exp(rng.normal(0, 0.1, ground_truth_m.shape)),
        'prior': np.full(ground_truth_m.shape, 9.0),
        'mirrored': np.full(ground_truth_m.shape, 60.0),
    }
    depth = {variant: DepthMetrics() for variant in predicted}
    labels = {variant: SegmentationMetrics() for variant in predicted}
    classes = rng.integers(0, 3, ground_truth_m.shape).astype(np.uint8)
    predicted_labels = {
        'model': np.where(rng.random(classes.shape) < 0.2, 5, classes),
        'prior': classes * 0,
        'mirrored': classes * 0 + 7,
    }
    near = ground_truth_m < 10
    for image in range(6):
        for variant in predicted:
            depth[variant].add(ground_truth_m[image], predicted[variant][image], {'ground': near[image]})
            labels[variant].add(classes[image], predicted_labels[variant][image].astype(np.uint8))
    found = skill_scores({'depth': depth, 'segmentation': labels})
    clipped = {
        variant: np.clip(value, 1, 80) for variant, value in {**predicted, 'ground_truth': ground_truth_m}.items()
    }
    for region, mask in (('', near | True), ('_ground', near)):
        errors = {
            variant: np.sum(np.log(clipped[variant] / clipped['ground_truth'])[mask] ** 2) for variant in predicted
        }
        for variant, suffix in (('model', ''), ('mirrored', '_mirrored')):
            score = 1 - errors[variant] / errors['prior']
            assert found[f'explained_log_depth{region}{suffix}'] == pytest.approx(score)
    wrong = {variant: np.count_nonzero(predicted_labels[variant] != classes) for variant in predicted}
    assert found['explained_classes'] == pytest.approx(1 - wrong['model'] / wrong['prior'])
    assert found['explained_classes_mirrored'] == pytest.approx(1 - wrong['mirrored'] / wrong['prior'])
    assert not [key for key in found if key.endswith('_prior')]
    assert skill_scores({'depth': {'model': depth['model']}, 'segmentation': {'model': labels['model']}}) == {}
