# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Figures of endurance, on machines that keep up and on overloaded ones."""

from __future__ import annotations

import pytest

pytest.importorskip('rclpy')

from audio_manifold_ros.common.resource_paths import resource_path
from audio_manifold_ros.inference.bundle.bundle import Bundle
from benchmarks.benches.endurance import Counts, EnduranceRun, to_figures

pytestmark = pytest.mark.ros


@pytest.fixture(scope='module')
def run() -> EnduranceRun:
    return EnduranceRun('street', Bundle.load(resource_path('models/street')), 'float32', 30.0)


def test_a_node_that_keeps_up_meets_the_targets(run: EnduranceRun) -> None:
    dropped, late, oldest, received = to_figures(run, 600.0, Counts(2, 0, 29.9), [20.0, 66.0, 31.0])
    assert (dropped.met, oldest.met, received.met) == (True, True, True)
    assert (late.value, oldest.value) == (2, 66.0)
    assert oldest.target == 'at most 66.7'


def test_a_run_without_images_states_it_instead_of_failing(run: EnduranceRun) -> None:
    dropped, _, oldest, received = to_figures(run, 3.0, Counts(0, 90, 0.0), [])
    assert (dropped.met, received.met) == (False, False)
    assert oldest.value is None
    assert 'no image arrived' in oldest.alternative
