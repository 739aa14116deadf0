# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where in a picture corners of a board were seen, and which way they are off."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.calibration.reporting.chart_axes import (
    BOTTOM,
    HEIGHT,
    LEFT,
    RIGHT,
    TOP,
    WIDTH,
    Axis,
    ChartAxes,
)
from audio_manifold_ros.calibration.reporting.charts import COLOURS
from audio_manifold_ros.common.array_types import RgbImage

ERROR_MAGNIFICATION = 50.0


def corner_chart(
    title: str,
    corners_px: Sequence[NDArray[np.float32]],
    errors_px: Sequence[NDArray[np.float64]],
    size_px: tuple[int, int],
) -> RgbImage:
    """Draw the corners of all views into the outline of the camera's picture.

    Args:
        title: What is shown, ASCII.
        corners_px: Column and row, by view (corner, 2).
        errors_px: How far each is off, likewise; drawn `ERROR_MAGNIFICATION` times as long.
        size_px: Columns and rows of the picture.

    Returns:
        uint8 (row, column, 3), red first.

    """
    width, height = size_px
    scale = max(width / (WIDTH - LEFT - RIGHT), height / (HEIGHT - TOP - BOTTOM))
    across, down = scale * (WIDTH - LEFT - RIGHT), scale * (HEIGHT - TOP - BOTTOM)
    axes = ChartAxes(title, Axis('column', 0.0, across), Axis('rows from below', 0.0, down))
    outline = [(0.0, 0.0), (width, 0.0), (width, height), (0.0, height), (0.0, 0.0)]
    axes.curve([(column, float(row)) for column, row in outline], COLOURS[0])
    for number, (corners, errors) in enumerate(zip(corners_px, errors_px, strict=True)):
        colour = COLOURS[number % len(COLOURS)]
        for (column, row), (right, below) in zip(corners.tolist(), errors.tolist(), strict=True):
            at = axes.point(column, height - row)
            cv2.circle(axes.picture, at, 2, colour, -1, cv2.LINE_AA)
            axes.curve(
                [
                    (column, height - row),
                    (column + ERROR_MAGNIFICATION * right, height - row - ERROR_MAGNIFICATION * below),
                ],
                colour,
            )
    return axes.picture
