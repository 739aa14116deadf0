# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Figures of endurance, on machines that keep up and on overloaded ones."""

from __future__ import annotations

import pytest

pytest.importorskip('rclpy')

from audio_manifold_ros.common.resource_paths import resource_path
from audio_manifold_ros.inference.bundle.bundle import Bundle
from benchmarks.benches.endurance import Counts, EnduranceRun, Resources, growth, to_figures

pytestmark = pytest.mark.ros


@pytest.fixture(scope='module')
def run() -> EnduranceRun:
    return EnduranceRun('street', Bundle.load(resource_path('models/street')), 'float32', 30.0)


def test_a_node_that_keeps_up_meets_the_targets(run: EnduranceRun) -> None:
    counts = Counts(2, 0, 29.9, 4.5, ())
    dropped, late, oldest, received, stolen, pauses, *_ = to_figures(run, 600.0, counts, [20.0, 66.0, 31.0])
    assert (dropped.met, oldest.met, received.met) == (True, True, True)
    assert (late.value, oldest.value) == (2, 66.0)
    assert oldest.target == 'at most 66.7'
    assert (stolen.value, stolen.unit) == (4.5, '%')
    assert (pauses.value, pauses.unit) == (0, 'pauses')


def test_a_run_without_images_states_it_instead_of_failing(run: EnduranceRun) -> None:
    dropped, _, oldest, received, stolen, pauses = to_figures(run, 3.0, Counts(0, 90, 0.0), [])
    assert (stolen.value, pauses.value) == (None, None)
    assert (dropped.met, received.met) == (False, False)
    assert oldest.value is None
    assert 'no image arrived' in oldest.alternative


def test_growth_of_memory_and_open_files_misses_the_target(run: EnduranceRun) -> None:
    first = {'perception': Resources(180.0, 40), 'recorder': Resources(90.0, 30)}
    last = {'perception': Resources(181.5, 41), 'recorder': Resources(99.0, 30)}
    figures = to_figures(run, 600.0, Counts(0, 0, 30.0, 0.0), [20.0], growth(first, last))[6:]
    assert [(figure.value, figure.met) for figure in figures] == [(1.5, True), (1, False), (9.0, False), (0, True)]
    assert 'memory of the node' in figures[0].what
    assert 'open files of the recorder' in figures[3].what
