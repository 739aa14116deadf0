# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Pauses of the processors: times in which the host of a virtual machine ran nothing of it on one of them.

`python -m benchmarks.harness.processor_pauses PROCESSOR MIN_PAUSE_S` watches one processor until it is terminated, and
prints the end of each pause, in ns of the system clock, and its length in ns.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import final

from audio_manifold_ros.common.units import NS_PER_S
from audio_manifold_ros.processes.process_group import DIE_WITH_PARENT

MODULE = 'benchmarks.harness.processor_pauses'
SLEEP_S = 0.002
# Above all programs, so that only the host and the kernel can delay the watcher.
PRIORITY = 50


@dataclass(frozen=True)
class Pause:
    """A time in which a processor ran nothing.

    Attributes:
        end_ns: Its end, on the system clock.
        length_ns: Its length.

    """

    end_ns: int
    length_ns: int

    def within_ns(self, first_ns: int, last_ns: int) -> int:
        """Return the length of the part of the pause that is between two times."""
        return max(min(self.end_ns, last_ns) - max(self.end_ns - self.length_ns, first_ns), 0)


@final
class ProcessorPauses:
    """Watches all processors that this process may use; a context manager.

    Each has a watcher, a process with real-time priority that sleeps for 2 ms again and again. A sleep that lasts
    longer by `min_pause_s` is a pause.

    Args:
        min_pause_s: Shortest pause that counts.

    """

    def __init__(self, min_pause_s: float) -> None:
        """Store the parameter. Nothing is started."""
        self._min_pause_s = min_pause_s
        self._stack = ExitStack()
        self._watchers: list[subprocess.Popen[bytes]] = []
        self._files: list[Path] = []

    @property
    def process_ids(self) -> tuple[int, ...]:
        """Process ids of the watchers."""
        return tuple(watcher.pid for watcher in self._watchers)

    def pauses(self) -> tuple[Pause, ...] | None:
        """Return the pauses until now, None if a watcher has ended because it may not have real-time priority."""
        if any(watcher.poll() is not None for watcher in self._watchers):
            return None
        texts = (path.read_text(encoding='ascii') for path in self._files)
        # A line without its end is still being written.
        lines = (line for text in texts for line in text.split('\n')[:-1])
        return tuple(Pause(*map(int, line.split())) for line in lines)

    def __enter__(self) -> ProcessorPauses:
        """Start the watchers."""
        folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory()))
        for processor in sorted(os.sched_getaffinity(0)):
            path = folder / str(processor)
            command = [*DIE_WITH_PARENT, sys.executable, '-m', MODULE, str(processor), str(self._min_pause_s)]
            with path.open('wb') as output:
                self._watchers.append(subprocess.Popen(command, stdout=output))
            self._files.append(path)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the watchers."""
        for watcher in self._watchers:
            watcher.kill()
            watcher.wait()
        self._stack.close()


def watch(processor: int, min_pause_s: float) -> None:
    """Print the pauses of a processor. Return if this process may not have real-time priority."""
    os.sched_setaffinity(0, {processor})
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(PRIORITY))
    except PermissionError:
        return
    sleep_ns, min_pause_ns = round(SLEEP_S * NS_PER_S), round(min_pause_s * NS_PER_S)
    before_ns = time.monotonic_ns()
    while True:
        time.sleep(SLEEP_S)
        now_ns = time.monotonic_ns()
        pause_ns = now_ns - before_ns - sleep_ns
        before_ns = now_ns
        if pause_ns >= min_pause_ns:
            print(time.time_ns(), pause_ns, flush=True)


if __name__ == '__main__':
    watch(int(sys.argv[1]), float(sys.argv[2]))
