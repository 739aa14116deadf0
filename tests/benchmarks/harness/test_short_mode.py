# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import importlib.util
import os
import time
from pathlib import Path

import pytest

from benchmarks import __main__ as bench
from benchmarks.harness import report
from benchmarks.harness.figure import Figure
from benchmarks.harness.short_mode import SHORT_VARIABLE, scaled_count, scaled_duration_s
from benchmarks.harness.thread_times import thread_times_s


def test_a_short_bench_is_shorter_and_stores_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(report, 'RESULTS', tmp_path / 'results.json')
    monkeypatch.setattr(report, 'PAGE', tmp_path / 'page.md')
    monkeypatch.setattr(report, 'README', tmp_path / 'README.md')
    monkeypatch.setenv(SHORT_VARIABLE, '0')
    assert (scaled_duration_s(600.0), scaled_count(40)) == (600.0, 40)
    lengths: list[float] = []

    def measure(_name: str) -> list[dict[str, object]]:
        lengths.append(scaled_duration_s(600.0))
        return [vars(Figure('something', 1.0, 'ms'))]

    monkeypatch.setattr(bench, 'run_bench', measure)
    assert bench.main(['--short', 'scaling']) == 0
    assert lengths == [30.0]
    assert '| something | 1 ms |' in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize('name', bench.BENCHES)
def test_every_bench_is_a_module(name: str) -> None:
    assert importlib.util.find_spec(f'benchmarks.benches.{name}') is not None


def test_the_time_of_threads_is_what_they_use() -> None:
    before_s = thread_times_s(os.getpid())['the executor']
    began_s = time.thread_time()
    while time.thread_time() - began_s < 0.2:
        pass
    assert thread_times_s(os.getpid())['the executor'] - before_s >= 0.15
