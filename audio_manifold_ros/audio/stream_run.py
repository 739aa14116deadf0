# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Continuity of a stream: the run of samples since the last gap, and the windows that are complete in it."""

from __future__ import annotations

from typing import NamedTuple


class StreamRun(NamedTuple):
    """Consecutive samples of a stream, without a gap between them.

    Attributes:
        start: Index of the first sample.
        end: Index one past the newest sample.

    """

    start: int
    end: int

    def window_count(self, window_samples: int, hop_samples: int) -> int:
        """Return how many windows are complete. They start at multiples of the hop after `start`."""
        return max((self.end - self.start - window_samples) // hop_samples + 1, 0)

    def newest_window_end(self, window_samples: int, hop_samples: int) -> int | None:
        """Return the end of the newest complete window, None if there is none."""
        count = self.window_count(window_samples, hop_samples)
        return self.start + window_samples + (count - 1) * hop_samples if count else None


def extend_run(run: StreamRun | None, first_sample: int, length: int) -> StreamRun:
    """Return the run that includes a new block: the same run if the block follows it, else a new one."""
    start = first_sample if run is None or run.end != first_sample else run.start
    return StreamRun(start, first_sample + length)
