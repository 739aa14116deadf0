# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Base of features that are computed hop by hop while audio arrives."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from audio_manifold_ros.features.sliding_windows import SlidingWindows

if TYPE_CHECKING:
    from audio_manifold_ros.common.array_types import Samples
    from audio_manifold_ros.features.kinds import AnyFeatureSpec

CHUNK_HOPS = 8


class StreamingFeatures(ABC):
    """Features of every hop-aligned window of a stream, equal to the batch form of its samples.

    Frames are counted from the start of the run of samples. `SlidingWindows` defines the windows. One thread uses an
    instance. It does no locking.

    Args:
        spec: Definition of the features.
        channels: Channels of the stream.
        first_frame: Number of the first frame that is computed while audio arrives.

    Raises:
        FeatureError: `channels` is below one.

    """

    def __init__(self, spec: AnyFeatureSpec, channels: int, first_frame: int) -> None:
        """Allocate the ring buffer."""
        self._windows = SlidingWindows(spec, channels)
        self._chunk_samples = CHUNK_HOPS * spec.hop_samples
        self._first_frame = self._next_frame = first_frame

    def reset(self) -> None:
        """Drop the stream. The next block may start at any index, and the hops are counted from there."""
        self._windows.reset()
        self._next_frame = self._first_frame

    @property
    def window_count(self) -> int:
        """Windows that have become complete since the last reset or gap."""
        return self._windows.window_count

    @property
    def newest_window_end(self) -> int | None:
        """End of the newest window that is complete and free of gaps, None if there is none yet."""
        return self._windows.newest_window_end

    def push(self, samples: Samples, first_sample: int) -> None:
        """Append a block and compute the frames that it completes. A jump forward is a gap.

        Args:
            samples: float32 (channel, n) of any n.
            first_sample: Index of `samples[:, 0]`.

        Raises:
            FeatureError: The channel count is wrong or the index jumps backward. Nothing is changed.

        """
        if self._windows.check_block(samples, first_sample):
            self._next_frame = self._first_frame
        for offset in range(0, max(samples.shape[1], 1), self._chunk_samples):
            self._windows.ring.write(samples[:, offset : offset + self._chunk_samples], first_sample + offset)
            self._compute_frames()

    @abstractmethod
    def features(self, window_end: int) -> Samples:
        """Return the features of the window that ends before `window_end`.

        `newest_window_end` and the 16 hops before it are available, unless there is a gap between them.

        Raises:
            FeatureError: `window_end` is not the end of an available window.

        """

    @abstractmethod
    def _compute_frames(self) -> None:
        """Compute the frames from `_next_frame` on whose last sample has arrived."""
