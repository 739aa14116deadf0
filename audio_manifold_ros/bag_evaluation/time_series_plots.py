# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Metrics over time, plotted as SVG."""

from __future__ import annotations

import math
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from audio_manifold_ros.common.array_types import FloatArray

WIDTH, HEIGHT = 940, 190
LEFT, RIGHT, TOP, BOTTOM = 52, 10, 12, 26
POINTS = 400
TICKS = 4
# Colours differ in hue and in lightness. The first one is that of the model.
COLOURS = ('#e4572e', '#4c8bf5', '#8e9aaf', '#3a9d5d')


@dataclass(frozen=True)
class Panel:
    """Curves with a common axis.

    Attributes:
        title: Title with the unit.
        curves: Name of each curve by its legend.
        max_value: Upper end of the axis. None for the largest value.

    """

    title: str
    curves: Mapping[str, str]
    max_value: float | None = None


class TimeSeriesPlot:
    """Named curves over the time of a drive. A missing or non-finite value leaves a gap."""

    def __init__(self, names: Sequence[str]) -> None:
        """Start without points."""
        self._times_s = array('d')
        self._values = {name: array('d') for name in names}

    def add(self, time_s: float, values: Mapping[str, float | None]) -> None:
        """Append a point to every curve.

        Args:
            time_s: Time, not before the previous one.
            values: Values by name.

        """
        self._times_s.append(time_s)
        for name, series in self._values.items():
            value = values.get(name)
            series.append(math.nan if value is None else value)

    def to_dict(self) -> dict[str, object]:
        """Return times and values as lists for JSON, with None for a gap. Curves without a value are omitted."""
        shown = {
            name: [_rounded(value) for value in series] for name, series in self._values.items() if _has_finite(series)
        }
        return {'time_s': [round(value, 4) for value in self._times_s], **shown}

    def svg(self, panel: Panel) -> str:
        """Return a panel as SVG, with means over 400 intervals. Return an empty string if no curve has a value."""
        shown = {legend: name for legend, name in panel.curves.items() if _has_finite(self._values[name])}
        if not shown:
            return ''
        times_s = np.frombuffer(self._times_s, dtype=np.float64)
        first_s, last_s = float(times_s[0]), max(float(times_s[-1]), float(times_s[0]) + 1e-3)
        lines = [_means(times_s, np.frombuffer(self._values[name]), first_s, last_s) for name in shown.values()]
        max_value = panel.max_value or max(float(np.nanmax(line)) for line in lines) * 1.05 or 1.0
        parts = [_axes(first_s, last_s, max_value)]
        for index, (legend, line) in enumerate(zip(shown, lines, strict=True)):
            colour = COLOURS[index % len(COLOURS)]
            parts.append(f'<path d="{_path(line, max_value)}" fill="none" stroke="{colour}" stroke-width="1.6"/>')
            left = LEFT + 12 + 190 * index
            parts.append(f'<rect x="{left}" y="{TOP}" width="14" height="4" fill="{colour}"/>')
            parts.append(f'<text x="{left + 20}" y="{TOP + 6}">{escape(legend)}</text>')
        return (
            f'<figure><figcaption>{escape(panel.title)}</figcaption>'
            f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(panel.title)}">{"".join(parts)}</svg>'
            '</figure>'
        )


def _has_finite(values: array[float]) -> bool:
    return any(math.isfinite(value) for value in values)


def _rounded(value: float) -> float | None:
    return round(value, 5) if math.isfinite(value) else None


def _means(times_s: FloatArray, values: FloatArray, first_s: float, last_s: float) -> FloatArray:
    """Return the mean (point,) of equal time intervals, NaN for an interval without a value."""
    points = min(POINTS, max(len(times_s), 2))
    index = np.minimum(((times_s - first_s) / (last_s - first_s) * points).astype(np.int64), points - 1)
    finite = np.isfinite(values)
    count = np.bincount(index[finite], minlength=points)
    total = np.bincount(index[finite], values[finite], minlength=points)
    return np.asarray(np.divide(total, count, out=np.full(points, np.nan), where=count > 0))


def _path(line: FloatArray, max_value: float) -> str:
    """Return the SVG path through the points. A gap of one point is bridged: low rates leave empty intervals."""
    across, down = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
    parts, last = [], -10
    for index in np.flatnonzero(np.isfinite(line)).tolist():
        x = LEFT + (index + 0.5) / len(line) * across
        y = TOP + down * (1 - min(float(line[index]) / max_value, 1.0))
        parts.append(f'{"L" if index - last <= 2 else "M"}{x:.1f} {y:.1f}')
        last = index
    return ' '.join(parts)


def _axes(first_s: float, last_s: float, max_value: float) -> str:
    across, down = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
    parts = []
    for tick in range(TICKS + 1):
        y = TOP + down * (1 - tick / TICKS)
        parts.append(f'<line x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}" class="grid"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{max_value * tick / TICKS:.3g}</text>')
        x = LEFT + across * tick / TICKS
        anchor = 'end' if tick == TICKS else 'middle'
        time_s = first_s + (last_s - first_s) * tick / TICKS
        parts.append(f'<text x="{x:.1f}" y="{HEIGHT - 8}" text-anchor="{anchor}">{time_s:.1f} s</text>')
    return ''.join(parts)
