# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Processor time of the threads of a node, by thread name."""

from __future__ import annotations

import os
from collections import defaultdict
from contextlib import suppress
from pathlib import Path

EXECUTOR, OTHERS = 'the executor', 'DDS and all other threads'
# By name, as the system shows it.
THREADS = {'audio_intake': 'the intake of audio', 'prediction': 'the prediction thread'}


def thread_times_s(process_id: int) -> dict[str, float]:
    """Return the processor time in seconds that the threads of a process have used."""
    ticks = os.sysconf('SC_CLK_TCK')
    found: defaultdict[str, float] = defaultdict(float)
    for task in Path(f'/proc/{process_id}/task').iterdir():
        # A thread may end between listing and reading.
        with suppress(OSError):
            head, _, tail = (task / 'stat').read_text(encoding='ascii', errors='replace').rpartition(')')
            fields = tail.split()
            name = THREADS.get(head.partition('(')[2], OTHERS)
            name = EXECUTOR if task.name == str(process_id) else name
            found[name] += (int(fields[11]) + int(fields[12])) / ticks
    return dict(found)
