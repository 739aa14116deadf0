# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Standard errors over streets against a bootstrap, and shares of streets against counts by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from audio_manifold_ros.evaluation.metrics.metric_suite import MetricSuite
from audio_manifold_ros.evaluation.metrics.regions import region_masks
from audio_manifold_ros.evaluation.metrics.segmentation_metrics import SegmentationMetrics
from audio_manifold_ros.evaluation.metrics.street_statistics import StreetStatistics, ratio_with_error
from audio_manifold_ros.modalities.modality_images import ModalityImages


def test_the_error_of_a_mean_is_the_textbook_one() -> None:
    values = np.random.default_rng(0).normal(2, 1, 30)
    mean, error = ratio_with_error(np.stack([values, np.ones(30)], axis=1))
    assert mean == pytest.approx(values.mean())
    assert error == pytest.approx(values.std(ddof=1) / math.sqrt(30))
    assert math.isnan(ratio_with_error(np.ones((1, 2)))[1])


def _street(rng: np.random.Generator) -> tuple[ModalityImages, ModalityImages]:
    """Return a ground truth and a prediction whose errors differ from street to street."""
    depth_m = rng.uniform(2, 60, (16, 16)).astype(np.float32)
    depth_m[:2] = np.nan
    labels = rng.choice(np.array([0, 2, 8, 13, 255], np.uint8), (16, 16), p=[0.4, 0.3, 0.1, 0.15, 0.05])
    wrong = rng.random((16, 16)) < rng.uniform(0, 0.6)
    factor = np.exp(rng.normal(0, rng.uniform(0.05, 0.6), (16, 16)))
    return ModalityImages(depth_m, labels), ModalityImages(
        (depth_m * factor).astype(np.float32), np.where(wrong, rng.permutation(labels), labels).astype(np.uint8)
    )


def test_standard_errors_agree_with_resampled_streets() -> None:
    rng = np.random.default_rng(0)
    streets = [[_street(rng) for _ in range(2)] for _ in range(80)]
    statistics = StreetStatistics()
    for number, windows in enumerate(streets):
        for truth, predicted in windows:
            statistics.add(str(number), truth, {'model': predicted}, region_masks(truth.labels, truth.depth_m))
    found = statistics.standard_errors()
    assert statistics.streets == 80

    counted = []
    for windows in streets:
        metrics, errors = SegmentationMetrics(), np.zeros((2, 2))
        for truth, predicted in windows:
            metrics.add(truth.labels, predicted.labels)
            clipped = np.clip(truth.depth_m, 1, 80), np.clip(predicted.depth_m, 1, 80)
            error = np.abs(clipped[0] - clipped[1]) / clipped[0]
            for row, mask in enumerate((~np.isnan(error), ~np.isnan(error) & (truth.labels == 13))):
                errors[row] += error[mask].sum(), mask.sum()
        counted.append((metrics.confusion, errors))
    drawn: dict[str, list[float]] = {'abs_rel': [], 'abs_rel_vehicles': [], 'miou': [], 'accuracy': [], 'iou_car': []}
    for _ in range(1500):
        chosen = rng.integers(0, 80, 80)
        metrics = SegmentationMetrics()
        metrics.confusion = sum(counted[index][0] for index in chosen)
        sums = sum(counted[index][1] for index in chosen)
        for key, (numerator, denominator) in zip(('abs_rel', 'abs_rel_vehicles'), sums, strict=True):
            drawn[key].append(numerator / denominator)
        figures = metrics.result()
        for key in ('miou', 'accuracy', 'iou_car'):
            drawn[key].append(figures[key])
    for key, values in drawn.items():
        part = found['depth' if key.startswith('abs_rel') else 'segmentation']
        assert part[key] == pytest.approx(np.std(values), rel=0.12), key


def test_shares_of_streets_and_skill_are_counted_by_hand() -> None:
    truth = ModalityImages(np.full((8, 8), 10, np.float32), np.zeros((8, 8), np.uint8))
    suite = MetricSuite(structure=False)
    # Relative errors of the model; those of the prior are 0.2 everywhere. The third street has two windows.
    for street, error in (('a', 0.1), ('b', 0.21), ('c', 0.1), ('c', 0.4), ('d', 0.0)):
        labels = np.where(np.arange(64).reshape(8, 8) < 64 * error, 2, 0).astype(np.uint8)
        model = ModalityImages(np.full((8, 8), 10 * (1 + error), np.float32), labels)
        prior = ModalityImages(np.full((8, 8), 8, np.float32), np.where(np.eye(8, dtype=bool), 2, 0).astype(np.uint8))
        suite.add(truth, {'model': model, 'prior': prior}, street=street)
    scores = suite.result()
    figures = scores['over_streets']
    assert figures['streets'] == 4
    against = figures['against']['prior']
    assert against['skill'] == pytest.approx(1 - (0.1 + 0.21 + 0.1 + 0.4) / 5 / 0.2, abs=1e-5)
    assert against['depth_better'] == 0.5
    assert against['depth_worse'] == 0.25  # 'c' by 0.05; 'b' only by 0.01
    assert against['classes_better'] == against['iou_better'] == 0.5
    assert against['skill_error'] > 0
    assert set(figures['standard_errors']['segmentation']) >= {'miou', 'miou_prior', 'accuracy', 'iou_road'}
    assert 'constants' not in figures['against']


def test_windows_without_a_street_have_no_figures_over_streets() -> None:
    truth = ModalityImages(np.full((8, 8), 10, np.float32), np.zeros((8, 8), np.uint8))
    suite = MetricSuite(structure=False)
    suite.add(truth, {'model': truth})
    assert 'over_streets' not in suite.result()
