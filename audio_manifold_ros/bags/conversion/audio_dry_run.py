# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Dry run of an audio conversion: checks chunk by chunk, without resampling, whether it would succeed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_manifold_ros.bags.conversion.audio_track import AudioTrack
from audio_manifold_ros.bags.conversion.resampled_segment import ResampledSegment
from audio_manifold_ros.common.errors import AudioManifoldError

if TYPE_CHECKING:
    from audio_manifold_ros.bags.decoding.audio_chunk import IndexedChunk


class AudioDryRun:
    """A conversion at the rate of the audio itself.

    Attributes:
        rejection_reason: Why a conversion would reject the audio, '' if it would not.

    """

    def __init__(self, output_rate_hz: int) -> None:
        """Start a conversion to a rate."""
        self.rejection_reason = ''
        self._output_rate_hz = output_rate_hz
        self._track: AudioTrack | None = None

    def add(self, chunk: IndexedChunk) -> None:
        """Add the next chunk."""
        if self.rejection_reason:
            return
        try:
            if self._track is None:
                ResampledSegment(0, chunk.channels, chunk.sample_rate_hz, self._output_rate_hz)
                self._track = AudioTrack(chunk.sample_rate_hz)
            for _ in self._track.push(chunk):
                pass
        except AudioManifoldError as error:
            self.rejection_reason = str(error)

    def finish(self) -> None:
        """Complete the dry run and check the timeline."""
        if self.rejection_reason or self._track is None:
            return
        try:
            for _ in self._track.finish():
                pass
            if self._track.counts.samples:
                self._track.timeline.span_ns()
            else:
                self.rejection_reason = 'Every message contains NaN or infinity: none of the audio can be used.'
        except AudioManifoldError as error:
            self.rejection_reason = str(error)
