# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Charts of positions: top view of microphones and sources, and corners of a calibration board in the image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.calibration.reporting.chart_axes import PLOT_HEIGHT, PLOT_WIDTH, Axis, ChartAxes, series_colour
from audio_manifold_ros.common.array_types import FloatArray, RgbImage
from audio_manifold_ros.drawing.images import FAINT, Colour

ASPECT = PLOT_WIDTH / PLOT_HEIGHT
MARGIN = 1.15
ERROR_MAGNIFICATION = 50.0


@dataclass(frozen=True)
class Marks:
    """Positions of one kind.

    Attributes:
        places_m: x ahead and y to the left (place, 2 or more). Further coordinates are not shown.
        names: Names to write next to the positions; empty for none.
        radii_m: Radius of a circle around each position; empty for none.
        hollow: True draws rings, False draws dots.

    """

    places_m: FloatArray
    names: Sequence[str] = ()
    radii_m: Sequence[float] = ()
    hollow: bool = False


def top_view_chart(title: str, marks: Mapping[str, Marks]) -> RgbImage:
    """Draw positions from above, with x upwards and equal scales.

    Args:
        title: Title in ASCII.
        marks: Positions by name, with one position or more in total. The names form the legend.

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
        _draw_marks(axes, mark, series_colour(number), PLOT_HEIGHT / (2 * half))
        axes.write_legend(number, name)
    return axes.picture


def _draw_marks(axes: ChartAxes, mark: Marks, colour: Colour, pixels_per_metre: float) -> None:
    for number, (ahead, left) in enumerate(mark.places_m[:, :2].tolist()):
        at = (-left, ahead)
        if mark.hollow:
            axes.ring(at, 6, colour)
        else:
            axes.dot(at, 3, colour)
        if len(mark.radii_m):
            axes.ring(at, max(round(mark.radii_m[number] * pixels_per_metre), 1), colour)
        if mark.names:
            column, row = axes.point(*at)
            axes.write(mark.names[number][:10], (column + 9, row - 5), FAINT, 0.4)


def corner_chart(
    title: str,
    corners_px: Sequence[NDArray[np.float32]],
    errors_px: Sequence[FloatArray],
    size_px: tuple[int, int],
) -> RgbImage:
    """Draw the board corners of all views in the outline of the camera image, with their reprojection errors.

    Args:
        title: Title in ASCII.
        corners_px: Column and row of the corners, by view (corner, 2).
        errors_px: Reprojection errors, by view (corner, 2). They are drawn `ERROR_MAGNIFICATION` times as long.
        size_px: Columns and rows of the image.

    Returns:
        uint8 (row, column, 3), red first.

    """
    width, height = size_px
    scale = max(width / PLOT_WIDTH, height / PLOT_HEIGHT)
    axes = ChartAxes(title, Axis('column', 0.0, scale * PLOT_WIDTH), Axis('rows from below', 0.0, scale * PLOT_HEIGHT))
    outline = [(0.0, 0.0), (width, 0.0), (width, height), (0.0, height), (0.0, 0.0)]
    axes.curve([(column, float(row)) for column, row in outline], series_colour(0))
    for number, (corners, errors) in enumerate(zip(corners_px, errors_px, strict=True)):
        colour = series_colour(number)
        for (column, row), (right, below) in zip(corners.tolist(), errors.tolist(), strict=True):
            at = (column, height - row)
            axes.dot(at, 2, colour)
            axes.curve([at, (at[0] + ERROR_MAGNIFICATION * right, at[1] - ERROR_MAGNIFICATION * below)], colour)
    return axes.picture
