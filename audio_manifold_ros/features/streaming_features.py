# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Interface of features that are computed hop by hop while audio arrives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from audio_manifold_ros.common.array_types import Samples


class StreamingFeatures(Protocol):
    """Features of every hop-aligned window of a stream, equal to the batch form of its samples. One thread uses it."""

    @property
    def window_count(self) -> int:
        """Windows that have become complete since the last reset or gap."""

    @property
    def newest_window_end(self) -> int | None:
        """End of the newest window that is complete and free of gaps, None if there is none yet."""

    def push(self, samples: Samples, first_sample: int) -> None:
        """Append a block float32 (channel, n). A jump forward is a gap."""

    def reset(self) -> None:
        """Drop the stream. The next block may start at any index, and the hops are counted from there."""

    def features(self, window_end: int) -> Samples:
        """Return the features of the window that ends before `window_end`, one of the newest ones."""
