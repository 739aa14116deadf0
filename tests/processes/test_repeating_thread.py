# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import threading
import time
from pathlib import Path

from audio_manifold_ros.processes.repeating_thread import RepeatingThread


def test_a_step_is_repeated_in_a_named_thread_until_the_thread_is_stopped() -> None:
    names: list[str] = []
    is_repeated = threading.Event()

    def step() -> None:
        comm = Path(f'/proc/self/task/{threading.get_native_id()}/comm')
        names.append(comm.read_text(encoding='ascii').strip())
        if len(names) == 3:
            is_repeated.set()
            # `stop` ends this wait.
            thread.wait(60)

    thread = RepeatingThread('prediction', step)
    thread.stop()
    thread = RepeatingThread('prediction', step)
    thread.start()
    assert is_repeated.wait(10)
    began_s = time.monotonic()
    thread.stop()
    assert time.monotonic() - began_s < 30
    assert names == ['prediction'] * 3
    thread.stop()
