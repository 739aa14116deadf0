# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Angular errors compared with numpy over all pixels."""

from __future__ import annotations

import numpy as np
import pytest

from audio_manifold_ros.common.errors import EvaluationError
from audio_manifold_ros.evaluation.metrics.metric_suite import MetricSuite
from audio_manifold_ros.evaluation.metrics.normal_metrics import NormalMetrics
from audio_manifold_ros.modalities.modality_images import ModalityImages


def directions(seed: int, count: int = 3) -> np.ndarray:
    vectors = np.random.default_rng(seed).normal(size=(count, 9, 7, 3))
    return (vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)).astype(np.float32)


def test_figures_are_those_of_all_pixels_with_ground_truth() -> None:
    truth, noise = directions(1), directions(2)
    predicted = truth + 0.4 * noise
    predicted /= np.linalg.norm(predicted, axis=-1, keepdims=True)
    truth[:, 0] = np.nan
    predicted[0, 5, 5] = np.nan
    left = np.zeros((9, 7), dtype=bool)
    left[:, :3] = True
    metrics = NormalMetrics()
    for image, guess in zip(truth, predicted, strict=True):
        metrics.add(image, guess, {'left': left})
    angles = np.degrees(np.arccos(np.clip((truth.astype(float) * predicted).sum(axis=-1), -1, 1)))
    angles[0, 5, 5] = 90
    for region, part in (('', angles[:, 1:]), ('left', angles[:, 1:, :3])):
        found = metrics.result(region)
        assert found['mean_angle_deg'] == pytest.approx(part.mean(), abs=1e-4)
        assert found['median_angle_deg'] == pytest.approx(np.median(part), abs=0.5)
        for key, limit in (('within_11_25', 11.25), ('within_22_5', 22.5), ('within_30', 30)):
            assert found[key] == pytest.approx((part <= limit).mean())
        assert found['pixels'] == part.size
    assert np.isnan(NormalMetrics().result()['median_angle_deg'])
    with pytest.raises(EvaluationError, match='one size'):
        metrics.add(truth[0], predicted[0, :5])


def test_the_suite_scores_normals_with_controls_and_skill() -> None:
    truth = directions(3)[0]
    turned = truth[..., [1, 0, 2]]
    suite = MetricSuite()
    suite.add(
        ModalityImages(normals=truth),
        {'model': ModalityImages(normals=truth), 'prior': ModalityImages(normals=turned)},
        np.full((9, 7), 0.5, np.float32),
    )
    scores = suite.result()
    assert scores['normals']['mean_angle_deg'] == pytest.approx(0, abs=0.05)
    assert scores['normals']['within_30'] == 1
    assert scores['normals']['mean_angle_deg_prior'] > 20
    assert scores['structure']['explained_normals'] == pytest.approx(1, abs=0.01)
    assert scores['confidence']['pixels'] == truth[..., 0].size
