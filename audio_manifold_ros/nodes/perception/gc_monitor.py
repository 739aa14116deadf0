# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Python's garbage collector: kept away from what lasts, and timed."""

from __future__ import annotations

import gc
import time
from typing import Any


class GcMonitor:
    """Lets collections pass over everything that was there at the start, and tells how long each one took.

    Modules, networks and publishers are hundreds of thousands of objects that stay; a full collection
    that looks at all of them stops every thread of the process for tens of milliseconds.
    """

    def __init__(self) -> None:
        """Do nothing yet."""
        self._start_s = 0.0
        self._durations_s: list[float] = []

    def start(self) -> None:
        """Collect once, set what is left apart, and begin to time."""
        gc.collect()
        gc.freeze()
        gc.callbacks.append(self._on_collection)

    def stop(self) -> None:
        """Undo `start`; does nothing when stopped."""
        if self._on_collection in gc.callbacks:
            gc.callbacks.remove(self._on_collection)
            gc.unfreeze()

    def collection_times_s(self) -> list[float]:
        """Return the seconds of each collection since the last call."""
        # Nothing may iterate over the list that a collection, at any moment, appends to.
        seconds, self._durations_s = self._durations_s, []
        return seconds

    def _on_collection(self, phase: str, _info: dict[str, Any]) -> None:
        if phase == 'start':
            self._start_s = time.perf_counter()
        else:
            self._durations_s.append(time.perf_counter() - self._start_s)
