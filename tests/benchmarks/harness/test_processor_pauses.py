# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Pauses of the processors, on a watcher that is stopped."""

from __future__ import annotations

import os
import signal
import time

import pytest

from benchmarks.harness.processor_pauses import ProcessorPauses

START_S, STOPPED_S, TIMEOUT_S = 1.0, 0.3, 10.0


def test_each_pause_is_measured() -> None:
    with ProcessorPauses(0.2) as watched:
        time.sleep(START_S)
        if watched.pauses_ms() is None:
            pytest.skip('this user may not give a process real-time priority')
        before = watched.pauses_ms() or ()
        os.kill(watched.process_ids[0], signal.SIGSTOP)
        time.sleep(STOPPED_S)
        os.kill(watched.process_ids[0], signal.SIGCONT)
        end_s = time.monotonic() + TIMEOUT_S
        while (found := watched.pauses_ms() or ()) == before and time.monotonic() < end_s:
            time.sleep(0.01)
    assert max(found) == pytest.approx(1e3 * STOPPED_S, rel=0.3)


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
        while watched.pauses_ms() is not None and time.monotonic() < end_s:
            time.sleep(0.01)
        assert watched.pauses_ms() is None
