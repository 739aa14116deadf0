# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures of measurements: bars for one value per microphone, lines for spectra and courses of time."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence

from audio_manifold_ros.calibration.reporting.chart_axes import (
    FAINT,
    HEIGHT,
    RIGHT,
    TEXT,
    TOP,
    WIDTH,
    Axis,
    ChartAxes,
    Colour,
    fitted_axis,
)
from audio_manifold_ros.common.array_types import RgbImage

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
GOOD, BAD, ALLOWED = (86, 156, 246), (232, 75, 75), (30, 44, 38)
BAR_WIDTH = 0.62
MAX_LEGEND_ENTRIES = 16
# More bars than that leave no room for their values, or for the name of every one.
MAX_LABELLED_VALUES, MAX_LABELLED_NAMES = 12, 24

Curve = tuple[Sequence[float], Sequence[float]]


def bar_chart(
    title: str,
    unit: str,
    bars: Mapping[str, float | None],
    *,
    allowed: tuple[float, float] | None = None,
    bad: Collection[str] = (),
    min_span: float = 1.0,
    from_zero: bool = True,
) -> RgbImage:
    """Draw one value per microphone.

    Args:
        title: What is shown, ASCII.
        unit: Label of the values.
        bars: Values by name, None where there is none; of many only some names are written, and no values.
        allowed: Values between these are good; shaded.
        bad: Names of bars to mark.
        min_span: Shortest span of the axis, so that small deviations look small.
        from_zero: Bars begin at zero; otherwise, for levels, at the bottom.

    Returns:
        uint8 (row, column, 3), red first.

    """
    values = [value for value in bars.values() if value is not None] + [*(allowed or ())] + [0.0] * from_zero
    y = fitted_axis(unit, values, min_span)
    axes = ChartAxes(title, Axis('', 0.0, max(len(bars), 1)), y, x_ticks=False)
    if allowed is not None:
        axes.box((0.0, allowed[0]), (float(len(bars)), allowed[1]), ALLOWED)
    base = 0.0 if from_zero else y.low
    for place, (name, value) in enumerate(bars.items()):
        start = place + (1 - BAR_WIDTH) / 2
        column, _ = axes.point(start, y.low)
        if value is not None:
            axes.box((start, base), (start + BAR_WIDTH, value), BAD if name in bad else GOOD)
            row = axes.point(start, max(value, base))[1]
            if len(bars) <= MAX_LABELLED_VALUES:
                axes.write(f'{value:.3g}', (column, max(row - 5, TOP + 10)), TEXT, 0.4)
        if place % math.ceil(len(bars) / MAX_LABELLED_NAMES) == 0:
            axes.write(name[:10], (column, HEIGHT - 40), BAD if name in bad else FAINT, 0.42)
    return axes.picture


def line_chart(
    title: str,
    x_label: str,
    y_label: str,
    curves: Mapping[str, Curve],
    *,
    logarithmic: bool = False,
    min_span: float = 1.0,
) -> RgbImage:
    """Draw courses.

    Args:
        title: What is shown, ASCII.
        x_label: Quantity and unit along.
        y_label: Quantity and unit upwards.
        curves: (x, y) by name; values that are not finite are left out.
        logarithmic: Draw x by decades; it must be positive.
        min_span: Shortest span upwards.

    Returns:
        uint8 (row, column, 3), red first.

    """
    xs = [float(value) for x, _ in curves.values() for value in x]
    ys = [float(value) for _, y in curves.values() for value in y]
    x_axis = Axis(x_label, min(xs, default=1.0), max([*xs, min(xs, default=1.0) + 1e-6]), logarithmic)
    axes = ChartAxes(title, x_axis, fitted_axis(y_label, ys, min_span))
    for number, (name, (x, y)) in enumerate(curves.items()):
        colour = COLOURS[number % len(COLOURS)]
        points = [(float(a), float(b)) for a, b in zip(x, y, strict=True) if math.isfinite(a) and math.isfinite(b)]
        if len(points) > 1:
            axes.curve(points, colour)
        if number < MAX_LEGEND_ENTRIES:
            axes.write(name[:16], (WIDTH - RIGHT + 14, TOP + 16 + 20 * number), colour, 0.45)
    return axes.picture
