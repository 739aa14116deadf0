# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Charts of positions: top view and board corners."""

from __future__ import annotations

import numpy as np

from audio_manifold_ros.calibration.reporting.chart_axes import COLOURS
from audio_manifold_ros.calibration.reporting.position_charts import Marks, corner_chart, top_view_chart


def test_top_view_has_x_upwards_and_y_to_the_left() -> None:
    here = np.array([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    chart = top_view_chart('Places', {'places': Marks(here, ('o', 'a', 'l'), (0.01, 0.01, 0.01))})
    drawn = np.all(chart == COLOURS[0], axis=2)
    drawn[:, 790:] = False
    rows, columns = np.nonzero(drawn)
    ahead, left = rows.argmin(), columns.argmin()
    assert columns[ahead] > columns[left] + 50
    assert rows[left] > rows[ahead] + 50


def test_top_view_of_a_single_position() -> None:
    assert top_view_chart('One', {'one': Marks(np.zeros((1, 3)), hollow=True)}).dtype == np.uint8


def test_corner_chart_shows_the_corners() -> None:
    corners = [np.array([[10.0, 10.0], [600.0, 20.0]], dtype=np.float32)]
    chart = corner_chart('Corners', corners, [np.zeros((2, 2))], (640, 480))
    shown = chart[:, 100:600] == COLOURS[0]
    assert shown.all(axis=2).any()
    assert chart.shape[2] == 3
