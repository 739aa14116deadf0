# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import numpy as np
import pytest

from audio_manifold_ros.common.errors import SimulationError
from audio_manifold_ros.simulation.sound.sample_grid import SampleGrid, ramp


@pytest.mark.parametrize('rate', [16_000, 22_500, 44_100, 48_000])
def test_the_low_rate_represents_the_band_below_the_split(rate: int) -> None:
    grid = SampleGrid(rate)
    assert grid.low_rate_hz > 2 * 1200
    assert grid.step_samples % grid.low_factor == 0


@pytest.mark.parametrize('rate', [0, 8000, 96_000])
def test_unsupported_rates_are_refused(rate: int) -> None:
    with pytest.raises(SimulationError, match=str(rate)):
        SampleGrid(rate)


def test_steps_cover_the_samples() -> None:
    grid = SampleGrid(22_500)
    first, last = grid.steps(1234, 777)
    assert first * grid.step_samples <= 1234
    assert last * grid.step_samples >= 1234 + 777
    assert grid.times_s(first, last)[0] == pytest.approx(first * 80 / 22_500)


def test_ramp_joins_points_by_lines() -> None:
    points = np.array([[0.0, 4.0, 2.0], [1.0, 1.0, 5.0]])
    expected = [[0, 1, 2, 3, 4, 3.5, 3, 2.5], [1, 1, 1, 1, 1, 2, 3, 4]]
    assert ramp(points, 4) == pytest.approx(np.array(expected))
