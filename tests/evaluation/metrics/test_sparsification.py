# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Area under the sparsification error against closed forms, and the correlation within cells."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import spearmanr

from audio_manifold_ros.common.errors import EvaluationError
from audio_manifold_ros.evaluation.metrics.cell_correlation import CellCorrelation, rank_correlation
from audio_manifold_ros.evaluation.metrics.sparsification import Sparsification, curve_area

SHAPE = (100, 100)


def _uniform(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).permutation(np.linspace(0, 1, 10_000)).reshape(SHAPE)


def test_uniform_errors_have_the_areas_of_the_closed_form() -> None:
    # The mean of the smallest fraction c of uniform errors is c / 2, of the mean 1 / 2: the best curve is c.
    perfect, constant, inverse = Sparsification(), Sparsification(), Sparsification()
    for seed in range(4):
        error = _uniform(seed)
        perfect.add(1 - error, error)
        constant.add(np.full(SHAPE, 0.5), error)
        inverse.add(error, error)
    assert perfect.result()['ause'] == pytest.approx(0, abs=2e-3)
    assert constant.result()['ause'] == pytest.approx(0.5, abs=2e-3)
    # The mean of the largest fraction c is 1 - c / 2: the curve is 2 - c, its area 3 / 2.
    assert inverse.result()['ause'] == pytest.approx(1, abs=2e-3)
    for found in (perfect, constant, inverse):
        assert found.result()['ause_random'] == pytest.approx(0.5, abs=2e-3)


def test_a_confidence_that_no_sound_changes_is_its_own_fixed_map() -> None:
    place = np.tile(np.linspace(0.001, 0.999, 100), (100, 1))
    fixed, moving = Sparsification(), Sparsification()
    for seed in range(3):
        error = _uniform(seed) * (2 - place)
        fixed.add(place, error)
        moving.add(np.clip(1 - error / 2, 0, 1), error)
    found = fixed.result()
    assert found['ause'] == pytest.approx(found['ause_fixed_map'], abs=2e-3)
    assert found['ause'] < found['ause_random']
    assert moving.result()['ause'] == pytest.approx(0, abs=2e-3)
    assert moving.result()['ause_fixed_map'] > 0.15


def test_pixels_without_ground_truth_do_not_count() -> None:
    error = np.array([[0.1, 0.3, np.nan, np.nan]])
    report = Sparsification()
    report.add(np.array([[0.9, 0.2, 0.99, 0.1]]), error)
    # Best and found curve: 0.1 / 0.2 for the first half, then (0.1 + 0.3 t) / (1 + t) / 0.2.
    expected = 0.25 + (0.3 + (0.1 - 0.3) * math.log(2)) / 2 / 0.2
    assert curve_area(np.array([1.0, 1.0]), np.array([0.1, 0.3])) == pytest.approx(expected)
    assert report.result()['ause'] == pytest.approx(0)
    assert report.result()['ause_random'] == pytest.approx(1 - expected)


def test_images_of_another_size_are_refused() -> None:
    report = Sparsification()
    report.add(np.ones((2, 2)), np.ones((2, 2)))
    with pytest.raises(EvaluationError, match='give images of one size'):
        report.add(np.ones((2, 3)), np.ones((2, 3)))
    assert math.isnan(Sparsification().result()['ause'])


def test_position_in_the_image_does_not_correlate() -> None:
    rng = np.random.default_rng(0)
    place = np.repeat(np.repeat(rng.random((8, 8)), 4, axis=0), 4, axis=1)
    fixed, following = CellCorrelation(), CellCorrelation()
    for _ in range(40):
        correct = (rng.random((32, 32)) < place).astype(float)
        fixed.add(np.clip(place + rng.normal(0, 0.01, place.shape), 0, 1), correct)
        following.add(0.5 * place + 0.5 * correct, correct)
    assert abs(fixed.result()) < 0.1
    assert following.result() == pytest.approx(1, abs=1e-6)


def test_ranks_are_those_of_scipy_and_a_constant_has_none() -> None:
    rng = np.random.default_rng(1)
    first, second = rng.integers(0, 5, 50).astype(float), rng.normal(size=50)
    assert rank_correlation(first, second) == pytest.approx(spearmanr(first, second).statistic)
    assert math.isnan(rank_correlation(np.ones(50), second))
    second[3] = np.nan
    kept = np.arange(50) != 3
    assert rank_correlation(first, second) == pytest.approx(spearmanr(first[kept], second[kept]).statistic)
