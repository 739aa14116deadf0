# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Follows a stream of blocks whose format or index may begin anew: the same in the node and on a bag."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from audio_manifold_ros.audio.block import AudioBlock
    from audio_manifold_ros.inference.pipeline import Pipeline


class StreamSession:
    """Holds the pipeline that fits a stream.

    Attributes:
        pipeline: What the last block was for; None before the first.
        flushes: Times that the stream began anew in the same format.

    """

    def __init__(self, make_pipeline: Callable[[int], Pipeline]) -> None:
        """Make nothing yet.

        Args:
            make_pipeline: Makes the pipeline for an input rate.

        """
        self._make_pipeline = make_pipeline
        self._format = (0, 0)
        self._end_sample = 0
        self.pipeline: Pipeline | None = None
        self.flushes = 0

    def follow(self, block: AudioBlock, *, flush: bool = False) -> Pipeline:
        """Return the pipeline to push a block to: a new one for a new format, flushed where the stream begins anew.

        Args:
            block: The next block; it is not pushed.
            flush: The stream begins anew whatever the block's index says.

        Raises:
            InferenceError: No pipeline can be made for the block's rate.
            AudioError: The same.

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
