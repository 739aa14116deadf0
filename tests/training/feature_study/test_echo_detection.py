# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Detection of façades: planted echoes are found, and the area is a share of ordered pairs."""

from __future__ import annotations

import numpy as np
import pytest

from training.feature_study.echo_detection import echo_lag_ms, score_detection

LAGS_MS = np.arange(8, 96) + 0.5


def test_planted_echoes_are_found_below_a_stronger_common_one() -> None:
    rng = np.random.default_rng(0)
    facades_ms = rng.uniform(8, 95, 200)
    maps = rng.uniform(0.9, 1.1, (200, len(LAGS_MS)))
    maps[np.arange(200), np.abs(LAGS_MS - facades_ms[:, None]).argmin(axis=1)] *= 2
    maps[:, 5] *= 10
    scores = score_detection(maps, LAGS_MS, facades_ms)
    assert scores.strongest_right == 1
    assert scores.area > 0.7  # one of the two or three lags within a millisecond is strong
    nothing = score_detection(rng.uniform(0.9, 1.1, maps.shape), LAGS_MS, facades_ms)
    assert nothing.strongest_right < 0.1
    assert nothing.area == pytest.approx(0.5, abs=0.05)


def test_the_area_is_the_share_of_pairs_in_the_right_order() -> None:
    rng = np.random.default_rng(1)
    maps, facades_ms = rng.uniform(0.5, 1.5, (6, len(LAGS_MS))), rng.uniform(10, 90, 6)
    relative, right = maps / maps.mean(axis=0), np.abs(LAGS_MS - facades_ms[:, None]) <= 1
    pairs = relative[right][:, None] > relative[~right]
    assert score_detection(maps, LAGS_MS, facades_ms).area == pytest.approx(pairs.mean())


def test_a_wall_at_ten_metres_is_an_echo_after_fifty_milliseconds() -> None:
    assert echo_lag_ms(10.0) == pytest.approx(20 / 343 * 1e3 - 8)
