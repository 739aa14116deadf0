# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.harness.steal_time import StealTime


def write_stat(path: Path, *values: int) -> Path:
    path.write_text(f'cpu  {" ".join(map(str, values))} 0 0\ncpu0 1 2 3\n', encoding='ascii')
    return path


def test_steal_time_is_a_fraction_of_the_requested_time(tmp_path: Path) -> None:
    path = write_stat(tmp_path / 'stat', 100, 10, 20, 5000, 7, 1, 2, 40)
    meter = StealTime(path)
    assert meter.percent() == 0.0
    write_stat(path, 150, 10, 40, 9000, 9, 1, 2, 70)
    assert meter.percent() == pytest.approx(30.0)


def test_returns_none_if_the_kernel_does_not_report_it(tmp_path: Path) -> None:
    assert StealTime(tmp_path / 'missing').percent() is None
    path = tmp_path / 'old'
    path.write_text('cpu  1 2 3 4\n', encoding='ascii')
    assert StealTime(path).percent() is None


def test_this_machine_reports_it() -> None:
    percent = StealTime().percent()
    assert percent is not None
    assert 0 <= percent <= 100
