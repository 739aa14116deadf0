# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Real time for sources that have no device: a block is handed out once its last sample has sounded."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from audio_manifold_ros.common.units import NS_PER_S


class RealtimePacer:
    """The instants of a stream that starts at the first `start`.

    Waiting uses the monotonic clock, stamps the clock of the source's owner, both anchored at the start,
    so that stamps are exact whatever the waiting does.
    """

    def __init__(self, sample_rate_hz: int, clock_ns: Callable[[], int], *, realtime: bool) -> None:
        """Anchor the stream now."""
        self._sample_rate_hz = sample_rate_hz
        self._realtime = realtime
        self._stop = threading.Event()
        self._start_ns = clock_ns()
        self._start_s = time.monotonic()

    def stamp_ns(self, sample_index: int) -> int:
        """Return the instant (ns) of a sample."""
        return self._start_ns + sample_index * NS_PER_S // self._sample_rate_hz

    def wait_for(self, end_sample: int, timeout_s: float) -> bool:
        """Wait until the sample before `end_sample` has sounded; False if that is later, or after `stop`."""
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
        """End every wait, now and later."""
        self._stop.set()
