# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Pauses of the processors, on a watcher that is stopped."""

from __future__ import annotations

import os
import signal
import time

import pytest

from benchmarks.harness.processor_pauses import Pause, ProcessorPauses

START_S, STOPPED_S, TIMEOUT_S = 1.0, 0.3, 10.0


def test_each_pause_is_measured() -> None:
    with ProcessorPauses(0.2) as watched:
        time.sleep(START_S)
        if watched.pauses() is None:
            pytest.skip('this user may not give a process real-time priority')
        before = watched.pauses() or ()
        stopped_ns = time.time_ns()
        os.kill(watched.process_ids[0], signal.SIGSTOP)
        time.sleep(STOPPED_S)
        os.kill(watched.process_ids[0], signal.SIGCONT)
        end_s = time.monotonic() + TIMEOUT_S
        while (found := watched.pauses() or ()) == before and time.monotonic() < end_s:
            time.sleep(0.01)
    pause = max(found, key=lambda entry: entry.length_ns)
    assert pause.length_ns == pytest.approx(1e9 * STOPPED_S, rel=0.3)
    assert pause.within_ns(stopped_ns, time.time_ns()) == pytest.approx(pause.length_ns, rel=0.3)


def test_watchers_end_with_the_context() -> None:
    with ProcessorPauses(0.2) as watched:
        ids = watched.process_ids
        assert len(ids) == len(os.sched_getaffinity(0))
    for process_id in ids:
        with pytest.raises(ProcessLookupError):
            os.kill(process_id, 0)


def test_without_the_watchers_nothing_is_measured() -> None:
    with ProcessorPauses(0.2) as watched:
        os.kill(watched.process_ids[-1], signal.SIGKILL)
        end_s = time.monotonic() + TIMEOUT_S
        while watched.pauses() is not None and time.monotonic() < end_s:
            time.sleep(0.01)
        assert watched.pauses() is None


@pytest.mark.parametrize(
    ('first_ns', 'last_ns', 'within_ns'),
    [(0, 69, 0), (0, 75, 5), (80, 90, 10), (60, 110, 30), (90, 200, 10), (101, 200, 0)],
)
def test_the_part_of_a_pause_between_two_times_is_measured(first_ns: int, last_ns: int, within_ns: int) -> None:
    assert Pause(end_ns=100, length_ns=30).within_ns(first_ns, last_ns) == within_ns
