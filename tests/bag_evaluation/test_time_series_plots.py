# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import numpy as np

from audio_manifold_ros.bag_evaluation.time_series_plots import HEIGHT, LEFT, TOP, WIDTH, Panel, TimeSeriesPlot

PANEL = Panel('Error & <more>', {'this model': 'error', 'nobody': 'absent'}, 2.0)


def paths(svg: str) -> list[str]:
    return re.findall(r'<path d="([^"]*)"', svg)


def test_a_line_goes_through_its_points() -> None:
    curves = TimeSeriesPlot(('error', 'absent'))
    for time_s, value in ((0.0, 0.0), (1.0, 2.0)):
        curves.add(time_s, {'error': value})
    svg = curves.svg(PANEL)
    ET.fromstring(svg)  # noqa: S314 - our own text
    (path,) = paths(svg)
    points = [tuple(float(part) for part in point.split()) for point in re.split('[ML]', path)[1:]]
    assert len(points) == 2
    assert LEFT < points[0][0] < points[1][0] < WIDTH
    assert points[0][1] > points[1][1] == TOP
    assert points[0][1] < HEIGHT
    assert 'nobody' not in svg


def test_a_gap_is_not_bridged_and_is_null_in_json() -> None:
    curves = TimeSeriesPlot(('error', 'absent'))
    for number in range(3000):
        curves.add(number / 30, {'error': None if 1000 <= number < 2000 else 1.0})
    assert paths(curves.svg(PANEL))[0].count('M') == 2
    plain = curves.to_dict()
    assert 'absent' not in plain
    assert plain['error'][1500] is None
    assert plain['error'][2000] == 1


def test_without_values_there_is_no_plot() -> None:
    curves = TimeSeriesPlot(('error', 'absent'))
    assert not curves.svg(PANEL)
    curves.add(0.0, {'error': float('nan')})
    assert not curves.svg(PANEL)
    assert curves.to_dict() == {'time_s': [0.0]}


def test_long_drives_are_plotted_as_means() -> None:
    curves = TimeSeriesPlot(('error', 'absent'))
    for number in range(20_000):
        curves.add(number / 30, {'error': float(number % 2)})
    assert len(curves.svg(PANEL)) < 20_000
    heights = [float(point.split()[1]) for point in re.split('[ML]', paths(curves.svg(PANEL))[0])[1:]]
    assert np.ptp(heights) < 2
