# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np

from audio_manifold_ros.calibration.reporting.chart_axes import COLOURS, Axis, fitted_axis
from audio_manifold_ros.calibration.reporting.charts import BAD, GOOD, bar_chart, line_chart


def count_pixels(picture: np.ndarray, colour: tuple[int, int, int]) -> int:
    return int((picture == np.array(colour)).all(axis=2).sum())


def test_bar_lengths_are_proportional_to_values() -> None:
    picture = bar_chart('Gains', 'dB', {'a': 1.0, 'b': 2.0, 'c': None, 'd': -1.0}, bad={'b'})
    assert picture.dtype == np.uint8
    # Names and numbers have these colours as well. A bar is wider than they are.
    filled = {colour: (picture == np.array(colour)).all(axis=2).sum(axis=1) > 40 for colour in (GOOD, BAD)}
    rows = {colour: np.flatnonzero(rows) for colour, rows in filled.items()}
    assert np.ptp(rows[BAD]) == np.ptp(rows[GOOD])
    assert count_pixels(picture, GOOD) > count_pixels(picture, BAD) > 1000


def test_level_bars_start_at_the_bottom() -> None:
    picture = bar_chart('Level', 'dBFS', {'a': -80.0, 'b': -30.0}, from_zero=False, bad={'b'})
    assert count_pixels(picture, BAD) > 5 * count_pixels(picture, GOOD) > 0


def test_line_chart_with_logarithmic_axis() -> None:
    x = np.geomspace(50, 8000, 60)
    picture = line_chart(
        'Spectra', 'Hz', 'dB', {'a': (x, np.full(60, -3.0)), 'b': (x, np.full(60, np.nan))}, logarithmic=True
    )
    drawn = np.abs(picture.astype(int) - COLOURS[0]).sum(axis=2) < 150  # anti-aliased
    assert drawn.sum() > 500
    assert line_chart('Nothing', 's', 'dB', {}).shape == picture.shape


def test_ticks_are_round_and_within_the_axis() -> None:
    assert Axis('', 50.0, 11_000.0, True).ticks() == [50, 100, 200, 500, 1000, 2000, 5000, 10_000]
    ticks = fitted_axis('', [-3.2, 4.1], 1.0).ticks()
    assert ticks == [-2.0, 0.0, 2.0, 4.0]
    assert fitted_axis('', [], 2.0).ticks()
