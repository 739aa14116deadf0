# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Queue of audio blocks between executor and worker, bounded in seconds and bytes."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from audio_manifold_ros.audio.block import AudioBlock

# A network needs one second of audio. Images from audio that waited longer are of no use.
MAX_SECONDS = 4.0
MAX_BYTES = 64_000_000


class BlockQueue:
    """First-in, first-out queue that drops its oldest blocks beyond its limits. Not thread-safe.

    Attributes:
        dropped_samples: Samples of dropped blocks, at the rate of each block.

    """

    def __init__(self) -> None:
        """Start empty."""
        self._blocks: deque[AudioBlock] = deque()
        self._seconds, self._bytes = 0.0, 0
        self.dropped_samples = 0

    def __len__(self) -> int:
        """Return the number of blocks."""
        return len(self._blocks)

    @property
    def size_bytes(self) -> int:
        """Memory of the samples."""
        return self._bytes

    def extend(self, blocks: Iterable[AudioBlock]) -> None:
        """Append blocks, then drop the oldest blocks beyond the limits. The newest block is kept."""
        for block in blocks:
            self._blocks.append(block)
            self._seconds += block.samples.shape[1] / block.sample_rate_hz
            self._bytes += block.samples.nbytes
        while len(self._blocks) > 1 and (self._seconds > MAX_SECONDS or self._bytes > MAX_BYTES):
            block = self._take()
            self.dropped_samples += block.samples.shape[1]

    def pop(self) -> AudioBlock | None:
        """Remove and return the oldest block, None if there is none."""
        return self._take() if self._blocks else None

    def clear(self) -> None:
        """Remove all blocks and reset the counter."""
        self._blocks.clear()
        self._seconds, self._bytes = 0.0, 0
        self.dropped_samples = 0

    def _take(self) -> AudioBlock:
        block = self._blocks.popleft()
        self._seconds -= block.samples.shape[1] / block.sample_rate_hz
        self._bytes -= block.samples.nbytes
        return block
