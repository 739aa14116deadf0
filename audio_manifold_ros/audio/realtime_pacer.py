# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Pacing of sources without a device: a block is due when its last sample would have been recorded."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from audio_manifold_ros.common.units import NS_PER_S

# A clock that differs from its own course by more than this was stepped, or is a simulated clock of another rate.
CLOCK_STEP_NS = 10_000_000
# A reading of both clocks is used if it takes at most this long: the thread was not interrupted in between.
MAX_READING_NS = 1_000_000
READINGS = 3
CLOCK_POLL_S = 0.05


class SteppedClock:
    """Stamps for instants of the monotonic clock, on a clock that may be stepped.

    The difference of the clocks is kept until it changes by more than 10 ms. Stamps are exact in between.

    Args:
        clock_ns: The clock of the stamps. ROS time is 0 until the first message on /clock.

    """

    def __init__(self, clock_ns: Callable[[], int]) -> None:
        """Read no clock yet."""
        self._clock_ns = clock_ns
        self._offset_ns: int | None = None

    @property
    def has_time(self) -> bool:
        """False while the clock is at 0: simulated time that has not started."""
        return self._clock_ns() > 0

    def stamp_ns(self, monotonic_ns: int) -> int:
        """Return the time of an instant near now on the clock of the stamps."""
        offset_ns = self._read_offset_ns()
        if offset_ns is not None and (self._offset_ns is None or abs(offset_ns - self._offset_ns) > CLOCK_STEP_NS):
            self._offset_ns = offset_ns
        return monotonic_ns + (self._offset_ns or 0)

    def _read_offset_ns(self) -> int | None:
        """Return clock minus monotonic clock. None if a known difference exists and no reading is exact."""
        for _ in range(READINGS):
            before_ns = time.monotonic_ns()
            now_ns = self._clock_ns()
            after_ns = time.monotonic_ns()
            if after_ns - before_ns <= MAX_READING_NS:
                return now_ns - before_ns
        return None if self._offset_ns is not None else now_ns - after_ns


class RealtimePacer:
    """Due times and stamps of a stream that starts when the pacer is created, or when its clock starts.

    Waiting uses the monotonic clock, and stamps use the clock of the caller. Stamps are exact and do not depend on the
    waiting. They follow steps of the clock. A stream that is not in real time keeps the course of its first stamp.
    """

    def __init__(self, sample_rate_hz: int, clock_ns: Callable[[], int], *, realtime: bool) -> None:
        """Start the stream now."""
        self._sample_rate_hz = sample_rate_hz
        self._realtime = realtime
        self._stop = threading.Event()
        self._clock = SteppedClock(clock_ns)
        self._start_ns = time.monotonic_ns()
        self._first_stamp_ns = clock_ns()
        self._has_started = not realtime or self._clock.has_time

    def stamp_ns(self, sample_index: int) -> int:
        """Return the time (ns) of a sample."""
        elapsed_ns = sample_index * NS_PER_S // self._sample_rate_hz
        if not self._realtime:
            return self._first_stamp_ns + elapsed_ns
        return self._clock.stamp_ns(self._start_ns) + elapsed_ns

    def wait_for(self, end_sample: int, timeout_s: float) -> bool:
        """Wait until the sample before `end_sample` is due. Return False after the timeout or after `stop`."""
        if self._stop.is_set():
            return False
        if not self._realtime:
            return True
        if not self._has_started:
            if not self._clock.has_time:
                self._stop.wait(min(CLOCK_POLL_S, timeout_s))
                return False
            self._has_started = True
            self._start_ns = time.monotonic_ns()
        remaining_s = (self._start_ns - time.monotonic_ns()) / NS_PER_S + end_sample / self._sample_rate_hz
        if remaining_s <= 0:
            return True
        self._stop.wait(min(remaining_s, timeout_s))
        return remaining_s <= timeout_s and not self._stop.is_set()

    def stop(self) -> None:
        """End the current wait and all later ones."""
        self._stop.set()
