# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Read-outs find what is in the maps, and only that."""

from __future__ import annotations

import math

import numpy as np
import pytest

from training.feature_study.linear_readout import NEIGHBOURS, average_precision, score_readout, with_neighbours

STREETS, AZIMUTHS = 60, 64


def targets() -> np.ndarray:
    return np.random.default_rng(0).random((STREETS, AZIMUTHS)) < 0.05


def noise() -> np.ndarray:
    return np.random.default_rng(1).standard_normal((STREETS, 3, AZIMUTHS)).astype(np.float32)


def test_what_is_in_a_neighbour_is_found() -> None:
    truth, maps = targets(), noise()
    maps[:, 1] += 30 * np.roll(truth, NEIGHBOURS, axis=1)
    scores = score_readout(np.stack([with_neighbours(one) for one in maps]), truth)
    assert scores.r_squared > 0.9
    assert scores.average_precision > 0.99
    assert scores.strongest_right == 1
    assert scores.strongest_error == 0


def test_noise_is_as_good_as_chance() -> None:
    truth = targets()
    scores = score_readout(np.stack([with_neighbours(one) for one in noise()]), truth)
    assert scores.r_squared < 0.01
    assert scores.average_precision < 2 * truth.mean()
    share, count = scores.strongest_right, truth.any(axis=1).sum()
    assert scores.strongest_error == pytest.approx(math.sqrt(share * (1 - share) / count))


def test_neighbours_close_the_circle() -> None:
    values = np.arange(AZIMUTHS, dtype=np.float32)[None]
    assert with_neighbours(values)[0].tolist() == [2, 1, 0, 63, 62]


def test_average_precision_is_the_mean_precision_at_each_hit() -> None:
    scores = np.array([0.9, 0.8, 0.7, 0.6])
    assert average_precision(scores, np.array([True, False, True, False])) == pytest.approx((1 + 2 / 3) / 2)
    assert math.isnan(average_precision(scores, np.zeros(4, dtype=bool)))
