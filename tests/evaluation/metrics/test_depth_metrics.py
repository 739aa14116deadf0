# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Depth metrics compared with the same formulae as loops over single pixels."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from audio_manifold_ros.common.errors import EvaluationError
from audio_manifold_ros.evaluation.metrics.depth_metrics import DepthMetrics

Image = NDArray[np.float32]


def _pairs(count: int = 3) -> list[tuple[Image, Image, NDArray[np.bool_]]]:
    rng = np.random.default_rng(3)
    pairs = []
    for _ in range(count):
        ground_truth = np.exp(rng.uniform(np.log(0.5), np.log(120), (9, 7))).astype(np.float32)
        predicted = (ground_truth * np.exp(rng.normal(0, 0.3, ground_truth.shape))).astype(np.float32)
        ground_truth[rng.random(ground_truth.shape) < 0.2] = np.nan
        predicted[rng.random(ground_truth.shape) < 0.1] = np.nan
        pairs.append((ground_truth, predicted, rng.random(ground_truth.shape) < 0.3))
    return pairs


def _clip(value: float) -> float:
    return 80.0 if math.isnan(value) else min(max(value, 1.0), 80.0)


def _by_loops(pairs: list[tuple[Image, Image, NDArray[np.bool_]]], *, masked: bool) -> dict[str, float]:
    pixels = []
    rmses, rmse_logs = [], []
    for ground_truth, predicted, mask in pairs:
        image = [
            (_clip(float(y)), _clip(float(p)))
            for y, p, m in zip(ground_truth.flat, predicted.flat, mask.flat, strict=True)
            if not math.isnan(y) and (m or not masked)
        ]
        pixels += image
        rmses.append(math.sqrt(sum((y - p) ** 2 for y, p in image) / len(image)))
        rmse_logs.append(math.sqrt(sum((math.log(y) - math.log(p)) ** 2 for y, p in image) / len(image)))
    n = len(pixels)
    thresholds = [k / 100 for k in range(31)]
    auc = 0.0
    for low, high in pairwise(thresholds):
        auc += sum(abs(y - p) / y < low for y, p in pixels) / n * (high - low)
    return {
        'abs_rel': sum(abs(y - p) / y for y, p in pixels) / n,
        'sq_rel': sum((y - p) ** 2 / y for y, p in pixels) / n,
        'rmse': sum(rmses) / len(rmses),
        'rmse_dataset': math.sqrt(sum((y - p) ** 2 for y, p in pixels) / n),
        'rmse_log': sum(rmse_logs) / len(rmse_logs),
        'rmse_log_dataset': math.sqrt(sum((math.log(y) - math.log(p)) ** 2 for y, p in pixels) / n),
        'auc_crr': auc,
        'auc_crr_normalised': auc / 0.29,
        'pixels': n,
    }


@pytest.mark.parametrize('region', ['', 'some'])
def test_metrics_equal_their_formulae(region: str) -> None:
    metrics = DepthMetrics()
    for ground_truth, predicted, mask in _pairs():
        metrics.add(ground_truth, predicted, {'some': mask})
    assert metrics.result(region) == pytest.approx(_by_loops(_pairs(), masked=region == 'some'), rel=1e-9)


def test_a_perfect_prediction_has_no_error_and_the_maximum_area() -> None:
    metrics = DepthMetrics()
    ground_truth = np.linspace(1, 80, 40, dtype=np.float32).reshape(5, 8)
    metrics.add(ground_truth, ground_truth)
    result = metrics.result()
    assert [result[key] for key in ('abs_rel', 'sq_rel', 'rmse', 'rmse_dataset', 'rmse_log')] == [0.0] * 5
    assert result['auc_crr'] == pytest.approx(0.29)
    assert result['auc_crr_normalised'] == pytest.approx(1.0)


def test_a_nan_prediction_counts_as_far_and_nan_ground_truth_is_ignored() -> None:
    metrics = DepthMetrics()
    metrics.add(np.array([[10.0, np.nan]]), np.array([[np.nan, 3.0]]))
    assert metrics.result()['abs_rel'] == pytest.approx(7.0)
    assert metrics.result()['pixels'] == 1


def test_images_without_a_pixel_of_a_region_do_not_change_it() -> None:
    metrics = DepthMetrics()
    ground_truth, none = np.full((2, 2), 10.0), np.zeros((2, 2), dtype=np.bool_)
    metrics.add(ground_truth, ground_truth * 1.1, {'r': ~none})
    before = metrics.result('r')
    metrics.add(ground_truth, ground_truth * 2, {'r': none})
    assert metrics.result('r') == before
    assert math.isnan(DepthMetrics().result()['abs_rel'])
    assert math.isnan(DepthMetrics().result()['rmse'])


def test_images_of_different_sizes_are_refused() -> None:
    with pytest.raises(EvaluationError, match=r'\(2, 2\).*\(3, 2\)'):
        DepthMetrics().add(np.ones((3, 2)), np.ones((2, 2)))
