# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Chunks of a stream with a sample index: their own where they carry one, else inferred from stamps."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from audio_manifold_ros.bags.decoding.audio_chunk import IndexedChunk
from audio_manifold_ros.bags.decoding.index_from_stamps import StampIndexer

if TYPE_CHECKING:
    from audio_manifold_ros.bags.decoding.audio_chunk import AudioChunk


class ChunkIndexer:
    """Assigns an index to the chunks of one stream, in their order.

    An index that the chunks carry stays as it is. An inferred index starts at 0, and again at each change of the rate
    or the number of channels (see `StampIndexer` for the rule of loss).
    """

    def __init__(self) -> None:
        """Start without chunks."""
        self._waiting: deque[AudioChunk] = deque()
        self._stream = (0, 0)
        self._indexer: StampIndexer | None = None

    def push(self, chunk: AudioChunk) -> list[IndexedChunk]:
        """Add the next chunk and return the chunks whose index is decided, in order.

        The list is empty while chunks wait for the ones after them, and usually holds this chunk alone.
        """
        if chunk.first_sample is not None:
            return [*self.finish(), chunk.with_index(chunk.first_sample)]
        decided: list[IndexedChunk] = []
        stream = (chunk.channels, chunk.sample_rate_hz)
        if self._indexer is None or stream != self._stream:
            decided = self.finish()
            self._indexer, self._stream = StampIndexer(chunk.sample_rate_hz), stream
        self._waiting.append(chunk)
        return decided + self._take(self._indexer.place(chunk.stamp_ns, chunk.length))

    def finish(self) -> list[IndexedChunk]:
        """Return the chunks that still wait. The chunks so far decide their index."""
        return [] if self._indexer is None else self._take(self._indexer.finish())

    def _take(self, indices: list[int]) -> list[IndexedChunk]:
        return [self._waiting.popleft().with_index(index) for index in indices]
