# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The empty chart: title, axes with round numbers, and where a value lies in it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from audio_manifold_ros.common.array_types import RgbImage

Colour = tuple[int, int, int]
WIDTH, HEIGHT = 960, 440
LEFT, RIGHT, TOP, BOTTOM = 84, 168, 56, 58
BACKGROUND, TEXT, FAINT, GRID = (15, 17, 21), (236, 238, 242), (140, 147, 160), (42, 47, 58)
FONT = cv2.FONT_HERSHEY_SIMPLEX


@dataclass(frozen=True)
class Axis:
    """One axis.

    Attributes:
        label: Quantity and unit, ASCII: the font knows nothing else.
        low: Value at its beginning.
        high: Value at its end.
        logarithmic: Decades are equally long.

    """

    label: str
    low: float
    high: float
    logarithmic: bool = False

    def place(self, value: float) -> float:
        """Return where a value lies, 0 to 1."""
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
    """Return an axis that holds values, and spans at least `min_span`."""
    finite = [value for value in values if math.isfinite(value)] or [0.0]
    low, high = min(finite), max(finite)
    room = max((high - low) * margin, (min_span - (high - low)) / 2, 1e-9)
    return Axis(label, low - room, high + room)


class ChartAxes:
    """A picture with axes; what is drawn is given in values of the axes.

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
            self._line((LEFT, row), (WIDTH - RIGHT, row), GRID)
            self.write(f'{value:g}', (26, row + 4), FAINT, 0.42)
        for value in x.ticks() if x_ticks else ():
            column = self.point(value, y.low)[0]
            self._line((column, TOP), (column, HEIGHT - BOTTOM), GRID)
            self.write(_short(value), (column - 8, HEIGHT - BOTTOM + 18), FAINT, 0.42)

    def point(self, x: float, y: float) -> tuple[int, int]:
        """Return column and row of a place, held within the axes."""
        across, up = (min(max(part, 0.0), 1.0) for part in (self._x.place(x), self._y.place(y)))
        column = LEFT + round(across * (WIDTH - LEFT - RIGHT))
        return column, HEIGHT - BOTTOM - round(up * (HEIGHT - TOP - BOTTOM))

    def write(self, text: str, at: tuple[int, int], colour: Colour, size: float) -> None:
        """Write a line with the left end of its baseline at (column, row)."""
        cv2.putText(self.picture, text, at, FONT, size, colour, 1, cv2.LINE_AA)

    def box(self, corner: tuple[float, float], opposite: tuple[float, float], colour: Colour) -> None:
        """Fill a box between two places."""
        cv2.rectangle(self.picture, self.point(*corner), self.point(*opposite), colour, -1)

    def curve(self, points: list[tuple[float, float]], colour: Colour) -> None:
        """Join places by lines."""
        pixels = np.array([self.point(*point) for point in points], dtype=np.int32)
        cv2.polylines(self.picture, [pixels], False, colour, 1, cv2.LINE_AA)

    def _line(self, start: tuple[int, int], end: tuple[int, int], colour: Colour) -> None:
        cv2.line(self.picture, start, end, colour, 1)


def _round_step(min_span: float) -> float:
    decade = 10.0 ** math.floor(math.log10(max(min_span, 1e-12)))
    return next(step * decade for step in (1, 2, 5, 10) if step * decade >= min_span * (1 - 1e-9))


def _short(value: float) -> str:
    return f'{value / 1000:g}k' if value >= 1000 else f'{value:g}'
