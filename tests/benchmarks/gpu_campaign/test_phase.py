# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Phases: every process has a record, and one that overruns ends with its children and without the others."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

import psutil

from benchmarks.gpu_campaign.phase import LIMIT, LOG_BYTES, Phase, Task, run_phase, shorten_logs

LIMIT_S = 2.0
# A process that does not end on request, with a child.
STUBBORN = 'trap "" TERM; sleep 600 & echo $! > "$0"; wait; sleep 600'


def run(tmp_path: Path, *tasks: Task, limit_s: float = 60.0, **options: object) -> dict[str, str]:
    """Run a phase of some processes and return the status of each."""
    phase = Phase('phase', None, tasks, **options)  # type: ignore[arg-type]
    return {record.task: record.status for record in run_phase(phase, limit_s, tmp_path, os.environ)}


def ends(pid: int, timeout_s: float = 10.0) -> bool:
    """Return whether a process ends. The kernel ends a killed process a little later."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if not psutil.pid_exists(pid):
            return True
        with contextlib.suppress(psutil.NoSuchProcess):
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        time.sleep(0.01)
    return False


def test_a_failed_process_does_not_stop_the_others(tmp_path: Path) -> None:
    tasks = (Task('bad', ('sh', '-c', 'echo why >&2; exit 3')), Task('good', ('sh', '-c', 'echo done')))
    assert run(tmp_path, *tasks) == {'bad': 'failed', 'good': 'finished'}
    assert (tmp_path / 'bad.log').read_text() == 'why\n'
    assert (tmp_path / 'good.log').read_text() == 'done\n'


def test_a_process_that_overruns_ends_with_its_children_and_the_next_is_skipped(tmp_path: Path) -> None:
    pid_file = tmp_path / 'pid'
    tasks = (Task('slow', ('sh', '-c', STUBBORN, str(pid_file))), Task('late', ('true',)))
    assert run(tmp_path, *tasks, limit_s=LIMIT_S) == {'slow': 'stopped', 'late': 'skipped'}
    assert ends(int(pid_file.read_text()))


def test_processes_that_wait_for_others_have_their_part_of_the_time(tmp_path: Path) -> None:
    tasks = [Task(name, ('sh', '-c', 'echo "$0"', LIMIT)) for name in ('a', 'b', 'c')]
    run(tmp_path, *tasks, limit_s=60.0, parallel=2)
    assert [(tmp_path / f'{name}.log').read_text() for name in ('a', 'b', 'c')] == ['30\n'] * 3


def test_work_that_fills_its_time_is_finished_when_it_is_stopped(tmp_path: Path) -> None:
    assert run(tmp_path, Task('endless', ('sleep', '600')), limit_s=0.5, fills_time=True) == {'endless': 'finished'}


def test_processes_run_at_the_same_time(tmp_path: Path) -> None:
    # Each waits for the file of the other one.
    wait = 'touch "$0"; while [ ! -e "$1" ]; do sleep 0.05; done'
    one, other = str(tmp_path / 'one'), str(tmp_path / 'other')
    tasks = (Task('a', ('sh', '-c', wait, one, other)), Task('b', ('sh', '-c', wait, other, one)))
    assert run(tmp_path, *tasks, parallel=2) == {'a': 'finished', 'b': 'finished'}


def test_of_long_logs_the_end_is_kept(tmp_path: Path) -> None:
    (tmp_path / 'long.log').write_bytes(b'x' * LOG_BYTES + b'the end')
    (tmp_path / 'short.log').write_bytes(b'short')
    shorten_logs(tmp_path)
    assert (tmp_path / 'long.log').stat().st_size == LOG_BYTES
    assert (tmp_path / 'long.log').read_bytes().endswith(b'the end')
    assert (tmp_path / 'short.log').read_bytes() == b'short'
