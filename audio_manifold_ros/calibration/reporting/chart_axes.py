# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Empty charts: title, axes with round ticks, legend, and drawing in the units of the axes."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from audio_manifold_ros.common.array_types import RgbImage
from audio_manifold_ros.drawing.images import BACKGROUND, FAINT, TEXT, Colour, write_text

WIDTH, HEIGHT = 960, 440
LEFT, RIGHT, TOP, BOTTOM = 84, 168, 56, 58
PLOT_WIDTH, PLOT_HEIGHT = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
GRID: Colour = (42, 47, 58)
COLOURS: tuple[Colour, ...] = (
    (86, 156, 246),
    (245, 166, 35),
    (80, 200, 120),
    (232, 93, 117),
    (168, 132, 245),
    (60, 200, 210),
    (225, 205, 90),
    (200, 140, 110),
)
MAX_LEGEND_ENTRIES, MAX_LEGEND_CHARACTERS = 16, 18


@dataclass(frozen=True)
class Axis:
    """Range and scale of one axis.

    Attributes:
        label: Quantity and unit in ASCII. OpenCV's font has no other characters.
        low: Value at the start.
        high: Value at the end.
        logarithmic: True for a logarithmic scale.

    """

    label: str
    low: float
    high: float
    logarithmic: bool = False

    def place(self, value: float) -> float:
        """Return the position of a value on the axis, from 0 at the start to 1 at the end."""
        if self.logarithmic:
            return math.log(max(value, 1e-12) / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def ticks(self) -> list[float]:
        """Return round values within the axis."""
        if self.logarithmic:
            decades = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
            values = [step * 10.0**decade for decade in decades for step in (1, 2, 5)]
            return [value for value in values if self.low <= value <= self.high]
        step = _round_step((self.high - self.low) / 6)
        first = math.ceil(self.low / step - 1e-9)
        return [number * step for number in range(first, math.floor(self.high / step + 1e-9) + 1)]


def fitted_axis(label: str, values: list[float], min_span: float, margin: float = 0.08) -> Axis:
    """Return an axis that contains the finite values and spans at least `min_span`."""
    finite = [value for value in values if math.isfinite(value)] or [0.0]
    low, high = min(finite), max(finite)
    room = max((high - low) * margin, (min_span - (high - low)) / 2, 1e-9)
    return Axis(label, low - room, high + room)


class ChartAxes:
    """A chart with title, axes and grid. Coordinates of drawn shapes are in the units of the axes.

    Attributes:
        picture: uint8 (row, column, 3), red first.

    """

    def __init__(self, title: str, x: Axis, y: Axis, *, x_ticks: bool = True) -> None:
        """Draw title, axes and grid."""
        self.picture: RgbImage = np.full((HEIGHT, WIDTH, 3), BACKGROUND, dtype=np.uint8)
        self._x, self._y = x, y
        self.write(title, (LEFT, 34), TEXT, 0.62)
        self.write(y.label, (8, TOP - 8), FAINT, 0.42)
        self.write(x.label, (LEFT, HEIGHT - 12), FAINT, 0.45)
        for value in y.ticks():
            row = self.point(x.low, value)[1]
            self._grid_line((LEFT, row), (WIDTH - RIGHT, row))
            self.write(f'{value:g}', (26, row + 4), FAINT, 0.42)
        for value in x.ticks() if x_ticks else ():
            column = self.point(value, y.low)[0]
            self._grid_line((column, TOP), (column, HEIGHT - BOTTOM))
            self.write(_short(value), (column - 8, HEIGHT - BOTTOM + 18), FAINT, 0.42)

    def point(self, x: float, y: float) -> tuple[int, int]:
        """Return column and row of a point. Points outside the axes are moved to the border."""
        across, up = (min(max(part, 0.0), 1.0) for part in (self._x.place(x), self._y.place(y)))
        return LEFT + round(across * PLOT_WIDTH), HEIGHT - BOTTOM - round(up * PLOT_HEIGHT)

    def write(self, text: str, at: tuple[int, int], colour: Colour, size: float) -> None:
        """Write a line of text. Its baseline starts at (column, row)."""
        write_text(self.picture, text, at, colour, size)

    def write_legend(self, number: int, name: str) -> None:
        """Write the name of a series in its colour. Entries beyond `MAX_LEGEND_ENTRIES` are left out."""
        if number < MAX_LEGEND_ENTRIES:
            at = (WIDTH - RIGHT + 14, TOP + 16 + 20 * number)
            self.write(name[:MAX_LEGEND_CHARACTERS], at, series_colour(number), 0.45)

    def box(self, corner: tuple[float, float], opposite: tuple[float, float], colour: Colour) -> None:
        """Fill the box between two points."""
        cv2.rectangle(self.picture, self.point(*corner), self.point(*opposite), colour, -1)

    def curve(self, points: list[tuple[float, float]], colour: Colour) -> None:
        """Join points by lines."""
        pixels = np.array([self.point(*point) for point in points], dtype=np.int32)
        cv2.polylines(self.picture, [pixels], False, colour, 1, cv2.LINE_AA)

    def dot(self, at: tuple[float, float], radius_px: int, colour: Colour) -> None:
        """Draw a filled circle."""
        cv2.circle(self.picture, self.point(*at), radius_px, colour, -1, cv2.LINE_AA)

    def ring(self, at: tuple[float, float], radius_px: int, colour: Colour) -> None:
        """Draw the outline of a circle."""
        cv2.circle(self.picture, self.point(*at), radius_px, colour, 1, cv2.LINE_AA)

    def _grid_line(self, start: tuple[int, int], end: tuple[int, int]) -> None:
        cv2.line(self.picture, start, end, GRID, 1)


def series_colour(number: int) -> Colour:
    """Return the colour of the series with this number."""
    return COLOURS[number % len(COLOURS)]


def _round_step(min_span: float) -> float:
    decade = 10.0 ** math.floor(math.log10(max(min_span, 1e-12)))
    return next(step * decade for step in (1, 2, 5, 10) if step * decade >= min_span * (1 - 1e-9))


def _short(value: float) -> str:
    return f'{value / 1000:g}k' if value >= 1000 else f'{value:g}'
