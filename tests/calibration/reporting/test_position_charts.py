# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Charts of places: on the road, and in a picture."""

from __future__ import annotations

import numpy as np

from audio_manifold_ros.calibration.reporting.chart_axes import COLOURS
from audio_manifold_ros.calibration.reporting.position_charts import Marks, corner_chart, top_view_chart


def test_a_plan_shows_ahead_above_and_left_on_the_left() -> None:
    here = np.array([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    plan = top_view_chart('Places', {'places': Marks(here, ('o', 'a', 'l'), (0.01, 0.01, 0.01))})
    drawn = np.all(plan == COLOURS[0], axis=2)
    drawn[:, 790:] = False
    rows, columns = np.nonzero(drawn)
    ahead, left = rows.argmin(), columns.argmin()
    assert columns[ahead] > columns[left] + 50
    assert rows[left] > rows[ahead] + 50


def test_a_single_place_is_no_trouble() -> None:
    assert top_view_chart('One', {'one': Marks(np.zeros((1, 3)), hollow=True)}).dtype == np.uint8


def test_corners_lie_where_they_were_seen() -> None:
    corners = [np.array([[10.0, 10.0], [600.0, 20.0]], dtype=np.float32)]
    chart = corner_chart('Corners', corners, [np.zeros((2, 2))], (640, 480))
    shown = chart[:, 100:600] == COLOURS[0]
    assert shown.all(axis=2).any()
    assert chart.shape[2] == 3
