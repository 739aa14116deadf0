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

    def first_window_start(self, window_samples: int, hop_samples: int) -> int:
        """Return the index of the first sample of the first window.

        Windows end at multiples of the hop after `start`. With blocks of whole hops, a window is complete with the last
        sample of a block, so its image does not wait for the rest of the block.
        """
        return self.start + -window_samples % hop_samples

    def window_count(self, window_samples: int, hop_samples: int) -> int:
        """Return how many windows are complete."""
        available = self.end - self.first_window_start(window_samples, hop_samples) - window_samples
        return max(available // hop_samples + 1, 0)

    def newest_window_end(self, window_samples: int, hop_samples: int) -> int | None:
        """Return the end of the newest complete window, None if there is none."""
        if not self.window_count(window_samples, hop_samples):
            return None
        return self.end - (self.end - self.start) % hop_samples


def extend_run(run: StreamRun | None, first_sample: int, length: int) -> StreamRun:
    """Return the run that includes a new block: the same run if the block follows it, else a new one."""
    start = first_sample if run is None or run.end != first_sample else run.start
    return StreamRun(start, first_sample + length)
