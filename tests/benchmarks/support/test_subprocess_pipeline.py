# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Pipelines in their own process and their statistics."""

from __future__ import annotations

from pathlib import Path

import pytest

from audio_manifold_ros.inference.bundle.bundle import Bundle
from benchmarks.support.bundles import PAPER_8X8
from benchmarks.support.subprocess_pipeline import NAIVE, RunStats, SubprocessPipeline


def test_statistics_are_appended() -> None:
    stats = RunStats()
    stats.add(RunStats({'network': [0.1, 0.2], 'all': [0.25, 0.25]}, None, 100.0))
    stats.add(RunStats({'network': [0.3], 'all': [0.5]}, 6.0, 120.0))
    assert (stats.predictions, stats.rate, stats.memory_mb, stats.joules) == (3, 3.0, 120.0, 6.0)
    assert stats.percentile_s('network', 50) == pytest.approx(0.2)


@pytest.mark.parametrize(
    ('way', 'stages'),
    [('onnx', {'conditioning', 'features', 'network', 'images', 'all'}), (NAIVE, {'features', 'network', 'all'})],
)
def test_measures_every_stage(way: str, stages: set[str]) -> None:
    with SubprocessPipeline(Bundle.load(PAPER_8X8), way, 'cpu', 1) as contender:
        for predictions in (1, 2):
            stats = contender.run(predictions)
            assert stats.predictions == predictions
            assert set(stats.seconds) == stages
            assert all(second > 0 for seconds in stats.seconds.values() for second in seconds)
            parts = [sum(seconds) for stage, seconds in stats.seconds.items() if stage != 'all']
            assert 0.5 * sum(stats.seconds['all']) < sum(parts) <= sum(stats.seconds['all'])
            assert stats.memory_mb > 50


def test_a_process_that_ends_is_an_error(tmp_path: Path) -> None:
    nothing = Bundle(tmp_path, Bundle.load(PAPER_8X8).manifest)
    with (
        SubprocessPipeline(nothing, 'onnx', 'cpu', 1) as contender,
        pytest.raises(RuntimeError, match='onnx on cpu ended'),
    ):
        contender.run(1)
