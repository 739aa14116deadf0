# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Edges of synthetic images, and counts compared with a search over all pairs of pixels."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from audio_manifold_ros.evaluation.metrics.boundary_f_score import (
    BoundaryFScore,
    class_edges,
    depth_edges,
    tolerance_masks,
    tolerances_px,
)

EVERYWHERE = np.ones((16, 16), np.bool_)


def _counted(ground_truth: NDArray[np.bool_], predicted: NDArray[np.bool_]) -> dict[str, float]:
    counts = BoundaryFScore()
    counts.add(ground_truth, tolerance_masks(ground_truth), predicted, tolerance_masks(predicted))
    return counts.result()


def test_tolerances_are_those_of_the_literature_in_whole_pixels() -> None:
    assert tolerances_px(128, 128) == (2, 6)
    assert tolerances_px(480, 960) == (9, 33)


def test_a_depth_edge_is_the_near_side_of_a_step() -> None:
    depth_m = np.full((16, 16), 40.0, np.float32)
    depth_m[4:9, 5:11] = 8.0
    expected = np.zeros((16, 16), np.bool_)
    expected[4:9, 5:11] = True
    expected[5:8, 6:10] = False
    np.testing.assert_array_equal(depth_edges(depth_m, EVERYWHERE), expected)
    assert not depth_edges(np.full((16, 16), 8.0) * 1.2 ** np.arange(16), EVERYWHERE).any()


def test_there_are_no_edges_without_ground_truth_or_with_both_sides_out_of_range() -> None:
    depth_m = np.full((16, 16), np.nan, np.float32)
    depth_m[8:] = 10.0
    assert not depth_edges(depth_m, ~np.isnan(depth_m)).any()
    assert depth_edges(depth_m, EVERYWHERE)[8].all()  # a NaN prediction counts as 80 m
    far = np.where(np.arange(16) < 8, 90.0, 200.0) * np.ones((16, 1))
    assert not depth_edges(far, EVERYWHERE).any()


def test_class_edges_are_on_both_sides_of_a_border() -> None:
    labels = np.zeros((16, 16), np.uint8)
    labels[:, 8:] = 13
    edges = class_edges(labels, EVERYWHERE)
    assert edges[:, 7:9].all()
    assert edges.sum() == 32
    known = EVERYWHERE.copy()
    known[:, 8] = False
    assert not class_edges(labels, known).any()


@pytest.mark.parametrize(
    ('shift', 'f', 'f_wide'), [(0, 1.0, 1.0), (2, 1.0, 1.0), (3, 0.0, 1.0), (6, 0.0, 1.0), (7, 0, 0)]
)
def test_a_shifted_line_is_correct_within_the_tolerance(shift: int, f: float, f_wide: float) -> None:
    ground_truth, predicted = np.zeros((2, 128, 128), np.bool_)
    ground_truth[:, 60], predicted[:, 60 + shift] = True, True
    found = _counted(ground_truth, predicted)
    for name in ('precision', 'recall', 'f'):
        assert (found[name], found[f'{name}_wide']) == (f, f_wide)


def test_half_a_line_has_full_precision_and_half_recall() -> None:
    ground_truth, predicted = np.zeros((2, 128, 128), np.bool_)
    ground_truth[:, 60], predicted[:64, 60] = True, True
    found = _counted(ground_truth, predicted)
    assert found['precision'] == 1
    assert found['recall'] == 66 / 128  # two pixels beyond its end
    assert found['f'] == pytest.approx(2 * (66 / 128) / (1 + 66 / 128))


def test_scores_without_edges_are_nan_or_zero() -> None:
    nothing, line = np.zeros((2, 16, 16), np.bool_)
    line[:, 3] = True
    assert all(math.isnan(value) for value in _counted(nothing, nothing).values())
    missed, invented = _counted(line, nothing), _counted(nothing, line)
    assert missed['f'] == missed['recall'] == invented['f'] == invented['precision'] == 0
    assert math.isnan(missed['precision'])
    assert math.isnan(invented['recall'])


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 2**31), st.integers(1, 30), st.integers(1, 30))
def test_counts_equal_a_search_over_all_pairs(seed: int, rows: int, columns: int) -> None:
    rng = np.random.default_rng(seed)
    counts, hits = BoundaryFScore(), np.zeros((2, 2))
    totals = np.zeros(2)
    for _ in range(2):
        ground_truth, predicted = rng.random((2, rows, columns)) < rng.choice([0.0, 0.02, 0.2])
        counts.add(ground_truth, tolerance_masks(ground_truth), predicted, tolerance_masks(predicted))
        places = np.argwhere(predicted), np.argwhere(ground_truth)
        totals += [len(place) for place in places]
        for which in (0, 1):
            for row, column in places[which]:
                apart = min((math.hypot(row - r, column - c) for r, c in places[1 - which]), default=math.inf)
                hits[which] += [apart <= math.ceil(s * math.hypot(rows, columns)) for s in (0.0075, 0.03)]
    found = counts.result()
    for which, name in enumerate(('precision', 'recall')):
        for place, tolerance in enumerate(('', '_wide')):
            expected = hits[which, place] / totals[which] if totals[which] else math.nan
            assert found[f'{name}{tolerance}'] == pytest.approx(expected, nan_ok=True)
