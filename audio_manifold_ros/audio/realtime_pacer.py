# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Pacing of sources without a device: a block is due when its last sample would have been recorded."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from audio_manifold_ros.common.units import NS_PER_S


class RealtimePacer:
    """Due times and stamps of a stream that starts when the pacer is created.

    Waiting uses the monotonic clock, and stamps use the clock of the caller. Both start together, so stamps are exact
    and do not depend on the waiting.
    """

    def __init__(self, sample_rate_hz: int, clock_ns: Callable[[], int], *, realtime: bool) -> None:
        """Start the stream now."""
        self._sample_rate_hz = sample_rate_hz
        self._realtime = realtime
        self._stop = threading.Event()
        self._start_ns = clock_ns()
        self._start_s = time.monotonic()

    def stamp_ns(self, sample_index: int) -> int:
        """Return the time (ns) of a sample."""
        return self._start_ns + sample_index * NS_PER_S // self._sample_rate_hz

    def wait_for(self, end_sample: int, timeout_s: float) -> bool:
        """Wait until the sample before `end_sample` is due. Return False after the timeout or after `stop`."""
        if self._stop.is_set():
            return False
        if not self._realtime:
            return True
        remaining_s = self._start_s + end_sample / self._sample_rate_hz - time.monotonic()
        if remaining_s <= 0:
            return True
        self._stop.wait(min(remaining_s, timeout_s))
        return remaining_s <= timeout_s and not self._stop.is_set()

    def stop(self) -> None:
        """End the current wait and all later ones."""
        self._stop.set()
