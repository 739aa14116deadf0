# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Playback clock of a bag, with variable rate, pause and seek."""

from __future__ import annotations

import math
import threading
import time
from typing import TYPE_CHECKING

from audio_manifold_ros.common.errors import BagError
from audio_manifold_ros.common.units import NS_PER_S

if TYPE_CHECKING:
    from collections.abc import Callable

MIN_PLAYBACK_RATE, MAX_PLAYBACK_RATE = 0.01, 100.0


class PlaybackClock:
    """Linear map from the computer's steady time to the time of the bag. Thread-safe."""

    def __init__(
        self,
        start_ns: int,
        rate: float = 1.0,
        *,
        paused: bool = False,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start at an instant of the bag.

        Args:
            start_ns: Time of the bag.
            rate: Seconds of the bag per second, 0.01 to 100.
            paused: Start paused, until `set_paused(False)`.
            monotonic_s: Returns the steady time in seconds.

        Raises:
            BagError: The rate is out of range.

        """
        self._monotonic_s = monotonic_s
        self._changed = threading.Condition()
        self._at_ns = start_ns
        self._since_s = monotonic_s()
        self._rate = _validate_rate(rate)
        self._paused = paused
        self._closed = False

    @property
    def rate(self) -> float:
        """Seconds of the bag per second."""
        return self._rate

    @property
    def paused(self) -> bool:
        """True while the clock is paused."""
        return self._paused

    def now_ns(self) -> int:
        """Return the current time of the bag."""
        with self._changed:
            return self._now_ns()

    def set_rate(self, rate: float) -> None:
        """Change the playback rate.

        Raises:
            BagError: The rate is out of range.

        """
        with self._changed:
            self._anchor(self._now_ns())
            self._rate = _validate_rate(rate)
            self._changed.notify_all()

    def set_paused(self, paused: bool) -> None:  # noqa: FBT001 - a setter
        """Pause or resume."""
        with self._changed:
            self._anchor(self._now_ns())
            self._paused = paused
            self._changed.notify_all()

    def seek(self, time_ns: int) -> None:
        """Continue from another time of the bag."""
        with self._changed:
            self._anchor(time_ns)
            self._changed.notify_all()

    def wake(self) -> None:
        """Make `wait_until` evaluate its condition again."""
        with self._changed:
            self._changed.notify_all()

    def close(self) -> None:
        """Release all callers of `wait_until` permanently."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def wait_until(self, time_ns: int, skip: Callable[[], bool] = lambda: False) -> bool:
        """Wait until the clock reaches an instant of the bag.

        Args:
            time_ns: The instant.
            skip: Called after every change. If it returns True, the clock jumps to the instant.

        Returns:
            False if the clock was closed.

        """
        with self._changed:
            while not self._closed:
                if skip():
                    self._anchor(max(time_ns, self._now_ns()))
                    return True
                remaining_s = (time_ns - self._now_ns()) / NS_PER_S / self._rate
                if remaining_s <= 0:
                    return True
                self._changed.wait(None if self._paused else remaining_s)
            return False

    def _now_ns(self) -> int:
        if self._paused:
            return self._at_ns
        return self._at_ns + round((self._monotonic_s() - self._since_s) * self._rate * NS_PER_S)

    def _anchor(self, time_ns: int) -> None:
        self._at_ns, self._since_s = time_ns, self._monotonic_s()


def _validate_rate(rate: float) -> float:
    if not (math.isfinite(rate) and MIN_PLAYBACK_RATE <= rate <= MAX_PLAYBACK_RATE):
        limits = f'{MIN_PLAYBACK_RATE} to {MAX_PLAYBACK_RATE} seconds of the bag per second'
        msg = f'The playback rate is {rate!r}: give {limits}.'
        raise BagError(msg)
    return rate
