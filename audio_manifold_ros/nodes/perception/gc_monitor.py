# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Control of Python's garbage collector: excludes long-lived objects and measures collection times."""

from __future__ import annotations

import gc
import time


class GcMonitor:
    """Monitor that excludes all objects existing at `start` from garbage collection, and measures each collection.

    Modules, networks and publishers are hundreds of thousands of objects that live as long as the process. A full
    collection over all of them stops every thread of the process for tens of milliseconds.
    """

    def __init__(self) -> None:
        """Create a stopped monitor."""
        self._start_s = 0.0
        self._durations_s: list[float] = []

    def start(self) -> None:
        """Collect once, freeze the remaining objects, and start to measure."""
        gc.collect()
        gc.freeze()
        gc.callbacks.append(self._on_collection)

    def stop(self) -> None:
        """Undo `start`. Does nothing when stopped."""
        if self._on_collection in gc.callbacks:
            gc.callbacks.remove(self._on_collection)
            gc.unfreeze()

    def collection_times_s(self) -> list[float]:
        """Return the durations in seconds of the collections since the last call."""
        # The list is swapped, not iterated: a collection may append to it at any time.
        seconds, self._durations_s = self._durations_s, []
        return seconds

    def _on_collection(self, phase: str, _info: dict[str, int]) -> None:
        if phase == 'start':
            self._start_s = time.perf_counter()
        else:
            self._durations_s.append(time.perf_counter() - self._start_s)
