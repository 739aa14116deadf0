# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Whether the audio of a bag makes the one array of a dataset, told chunk by chunk and without resampling it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_manifold_ros.bags.conversion.audio_track import AudioTrack
from audio_manifold_ros.bags.conversion.resampled_segment import ResampledSegment
from audio_manifold_ros.common.errors import AudioManifoldError

if TYPE_CHECKING:
    from audio_manifold_ros.bags.decoding.audio_chunk import IndexedChunk


class AudioDryRun:
    """Goes the way of a conversion, at the rate of the audio itself.

    Attributes:
        rejection_reason: Why a conversion would refuse the audio; '' as far as it would not.

    """

    def __init__(self, output_rate_hz: int) -> None:
        """Begin a conversion to a rate."""
        self.rejection_reason = ''
        self._output_rate_hz = output_rate_hz
        self._track: AudioTrack | None = None

    def add(self, chunk: IndexedChunk) -> None:
        """Take in the next chunk."""
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
        """Place all of it on the line of time."""
        if self.rejection_reason or self._track is None:
            return
        try:
            for _ in self._track.finish():
                pass
            if self._track.counts.samples:
                self._track.timeline.span_ns()
            else:
                self.rejection_reason = 'Every message holds a NaN or an infinity: nothing of it can be used.'
        except AudioManifoldError as error:
            self.rejection_reason = str(error)
