# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Charts of values: bars with one value per microphone, lines over time or frequency, and spectra."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence

import numpy as np

from audio_manifold_ros.calibration.channels.cross_spectra import CrossSpectra
from audio_manifold_ros.calibration.reporting.chart_axes import HEIGHT, TOP, Axis, ChartAxes, fitted_axis, series_colour
from audio_manifold_ros.common.array_types import RgbImage
from audio_manifold_ros.drawing.images import FAINT, TEXT

GOOD, BAD, ALLOWED = (86, 156, 246), (232, 75, 75), (30, 44, 38)
BAR_WIDTH = 0.62
# With more bars there is no room for the value, or for the name, of each.
MAX_LABELLED_VALUES, MAX_LABELLED_NAMES = 12, 24
MIN_HZ, BANDS_PER_OCTAVE = 50.0, 6
POWER_FLOOR = 1e-16

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
        title: Title in ASCII.
        unit: Label of the values.
        bars: Values by name; None for a missing value. Long charts show a part of the names and no values.
        allowed: Range of good values, which is shaded.
        bad: Names of bars to mark.
        min_span: Smallest span of the value axis. It keeps small deviations small.
        from_zero: True starts the bars at zero. False starts them at the bottom, for levels in dB.

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
    """Draw curves over time or frequency.

    Args:
        title: Title in ASCII.
        x_label: Quantity and unit of the x axis.
        y_label: Quantity and unit of the y axis.
        curves: (x, y) by name. Values that are not finite are left out.
        logarithmic: True for a logarithmic x axis. All x must be positive then.
        min_span: Smallest span of the y axis.

    Returns:
        uint8 (row, column, 3), red first.

    """
    xs = [float(value) for x, _ in curves.values() for value in x]
    ys = [float(value) for _, y in curves.values() for value in y]
    x_axis = Axis(x_label, min(xs, default=1.0), max([*xs, min(xs, default=1.0) + 1e-6]), logarithmic)
    axes = ChartAxes(title, x_axis, fitted_axis(y_label, ys, min_span))
    for number, (name, (x, y)) in enumerate(curves.items()):
        points = [(float(a), float(b)) for a, b in zip(x, y, strict=True) if math.isfinite(a) and math.isfinite(b)]
        if len(points) > 1:
            axes.curve(points, series_colour(number))
        axes.write_legend(number, name)
    return axes.picture


def spectra_chart(title: str, names: Sequence[str], spectra: CrossSpectra) -> RgbImage:
    """Draw the long-term power density of each channel, smoothed over a sixth of an octave.

    Args:
        title: Title in ASCII.
        names: Name of each channel.
        spectra: Spectra of the recording.

    Returns:
        uint8 (row, column, 3), red first.

    """
    highest_hz = float(spectra.frequencies_hz[-1])
    count = int(np.log2(highest_hz / MIN_HZ) * BANDS_PER_OCTAVE)
    centres_hz = MIN_HZ * 2.0 ** (np.arange(count) / BANDS_PER_OCTAVE)
    half = 2 ** (0.5 / BANDS_PER_OCTAVE)
    inside = [spectra.band_mask(centre / half, centre * half) for centre in centres_hz]
    kept = [(centre, bins) for centre, bins in zip(centres_hz.tolist(), inside, strict=True) if bins.any()]
    powers = np.array([spectra.powers[bins].mean(axis=0) for _, bins in kept])
    levels_db = 10 * np.log10(np.maximum(powers, POWER_FLOOR))
    x = [centre for centre, _ in kept]
    curves = {name: (x, levels_db[:, channel].tolist()) for channel, name in enumerate(names)}
    return line_chart(title, 'Hz', 'dBFS/Hz', curves, logarithmic=True, min_span=10.0)
