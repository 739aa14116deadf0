# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Pipeline of a stream whose format may change and whose index may restart, in the node and on a bag alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from audio_manifold_ros.audio.block import AudioBlock
    from audio_manifold_ros.inference.pipeline import Pipeline


class StreamSession:
    """Keeps the pipeline that fits the format of a stream.

    Attributes:
        pipeline: Pipeline of the last block. None before the first.
        flushes: Number of restarts of the stream in the same format.

    """

    def __init__(self, make_pipeline: Callable[[int], Pipeline]) -> None:
        """Create the session without a pipeline.

        Args:
            make_pipeline: Creates the pipeline for an input rate.

        """
        self._make_pipeline = make_pipeline
        self._format = (0, 0)
        self._end_sample = 0
        self.pipeline: Pipeline | None = None
        self.flushes = 0

    def follow(self, block: AudioBlock, *, flush: bool = False) -> Pipeline:
        """Return the pipeline to push a block to: new for a new format, flushed if the stream restarts.

        Args:
            block: The next block. It is not pushed.
            flush: The stream restarts, whatever the index of the block.

        Raises:
            InferenceError: No pipeline can be created for the rate of the block.
            AudioError: No pipeline can be created for the rate of the block.

        """
        stream = (block.sample_rate_hz, block.channels)
        flush = flush or block.first_sample < self._end_sample
        self._end_sample = block.end_sample
        if self.pipeline is None or stream != self._format:
            self.pipeline = self._make_pipeline(block.sample_rate_hz)
            self._format = stream
        elif flush:
            self.flushes += 1
            self.pipeline.flush()
        return self.pipeline
