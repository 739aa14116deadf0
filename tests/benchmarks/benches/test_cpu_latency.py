# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Figures of the sleep of the processors: all segments of a kind together, compared with the other kind."""

from __future__ import annotations

import pytest

pytest.importorskip('rclpy')

from benchmarks.benches.cpu_latency import Segment, to_figures

pytestmark = pytest.mark.ros


def test_segments_without_sleep_are_compared_with_those_with_sleep() -> None:
    awake = [Segment((10.0,) * 99, 0, 1.0), Segment((14.0,), 1, 0.0)]
    asleep = [Segment((12.0,) * 99, 3, 6.0), Segment((40.0,), 4, 4.0)]
    median, p99, dropped, stolen = to_figures('street', awake, asleep)
    assert (median.value, median.alternative_value, median.ratio) == (10.0, 12.0, 1.2)
    assert p99.value == pytest.approx(10.04)
    assert p99.alternative_value == pytest.approx(12.28)
    assert (dropped.value, dropped.alternative_value) == (1, 7)
    assert (stolen.value, stolen.alternative_value, stolen.ratio) == (0.5, 5.0, 10.0)


def test_no_steal_time_at_all_has_no_ratio() -> None:
    *_, stolen = to_figures('street', [Segment((10.0,), 0, 0.0)], [Segment((10.0,), 0, 2.0)])
    assert (stolen.value, stolen.ratio) == (0.0, None)


def test_a_system_that_does_not_report_steal_time() -> None:
    *_, stolen = to_figures('street', [Segment((10.0,), 0, None)], [Segment((10.0,), 0, None)])
    assert stolen.value is None
    assert 'does not report' in stolen.alternative
