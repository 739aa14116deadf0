# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Progress of a job that runs in another process or on another machine."""

from __future__ import annotations

import time
from collections.abc import Callable

# Reports that are closer together cost more than they show.
REPORT_INTERVAL_S = 0.5
# Function of a job that adds to its progress.
Advance = Callable[[int], None]
# Function that receives the number of a job and its whole progress.
OnProgress = Callable[[int, int], None]


class JobProgress:
    """Sum of the progress of one job. The sum is reported at intervals, so that a repeated job starts again at 0."""

    def __init__(self, report: Callable[[int], object]) -> None:
        """Begin at 0.

        Args:
            report: Function that receives the whole progress.

        """
        self._report = report
        self._done, self._reported_s = 0, time.monotonic()

    def advance(self, count: int) -> None:
        """Add to the progress, and report it if the last report is older than `REPORT_INTERVAL_S`."""
        self._done += int(count)
        if time.monotonic() - self._reported_s > REPORT_INTERVAL_S:
            self._report(self._done)
            self._reported_s = time.monotonic()


def ignore_progress(number: int, done: int) -> None:
    """Do nothing with the progress of a job."""
    del number, done
