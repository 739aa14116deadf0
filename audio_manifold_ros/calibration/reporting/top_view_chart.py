# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Places seen from above, a metre as long across as upwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.calibration.reporting.chart_axes import (
    BOTTOM,
    FAINT,
    HEIGHT,
    LEFT,
    RIGHT,
    TOP,
    WIDTH,
    Axis,
    ChartAxes,
    Colour,
)
from audio_manifold_ros.calibration.reporting.charts import COLOURS, MAX_LEGEND_ENTRIES
from audio_manifold_ros.common.array_types import RgbImage

ASPECT = (WIDTH - LEFT - RIGHT) / (HEIGHT - TOP - BOTTOM)
MARGIN = 1.15


@dataclass(frozen=True)
class Marks:
    """Places of one kind.

    Attributes:
        places_m: x ahead, y to the left, and more that is not seen (place, 2 or more).
        names: Written beside them; empty for none.
        radii_m: Of a circle around each; empty for none.
        hollow: Draw rings instead of dots.

    """

    places_m: NDArray[np.float64]
    names: Sequence[str] = ()
    radii_m: Sequence[float] = ()
    hollow: bool = False


def plan_chart(title: str, marks: Mapping[str, Marks]) -> RgbImage:
    """Draw places with x upwards, as a car is seen from above.

    Args:
        title: What is shown, ASCII.
        marks: By name, for the legend; at least one place.

    Returns:
        uint8 (row, column, 3), red first.

    """
    places = np.concatenate([mark.places_m[:, :2] for mark in marks.values()])
    low, high = places.min(axis=0), places.max(axis=0)
    half = max(float((high[0] - low[0]) / 2), float((high[1] - low[1]) / 2 / ASPECT), 0.01) * MARGIN
    up, across = float(low[0] + high[0]) / 2, float(low[1] + high[1]) / 2
    axes = ChartAxes(
        title,
        Axis('m to the right', -across - half * ASPECT, -across + half * ASPECT),
        Axis('m ahead', up - half, up + half),
    )
    for number, (name, mark) in enumerate(marks.items()):
        colour = COLOURS[number % len(COLOURS)]
        _draw(axes, mark, colour, (HEIGHT - TOP - BOTTOM) / (2 * half))
        if number < MAX_LEGEND_ENTRIES:
            axes.write(name[:18], (WIDTH - RIGHT + 14, TOP + 16 + 20 * number), colour, 0.45)
    return axes.picture


def _draw(axes: ChartAxes, mark: Marks, colour: Colour, pixels_per_metre: float) -> None:
    for number, (ahead, left) in enumerate(mark.places_m[:, :2].tolist()):
        at = axes.point(-left, ahead)
        cv2.circle(axes.picture, at, 6 if mark.hollow else 3, colour, 1 if mark.hollow else -1, cv2.LINE_AA)
        if len(mark.radii_m):
            radius = round(mark.radii_m[number] * pixels_per_metre)
            cv2.circle(axes.picture, at, max(radius, 1), colour, 1, cv2.LINE_AA)
        if mark.names:
            axes.write(mark.names[number][:10], (at[0] + 9, at[1] - 5), FAINT, 0.4)
