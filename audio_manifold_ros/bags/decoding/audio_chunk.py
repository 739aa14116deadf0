# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Audio of one message of any type, and the declared format of messages that do not describe themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from audio_manifold_ros.audio.block import AudioBlock
from audio_manifold_ros.common.pcm16 import int16_to_float

if TYPE_CHECKING:
    from audio_manifold_ros.common.array_types import PcmSamples


@dataclass(frozen=True)
class AudioFormat:
    """Format of audio whose messages do not state it.

    Attributes:
        sample_rate_hz: Frames per second.
        channels: Channels of one frame.
        sample_format: A key of `pcm_decoding.FORMATS`. Not used for multi-arrays, whose type gives the format.
        planar: A multi-array without labelled dimensions holds channel after channel, not frame after frame.

    """

    sample_rate_hz: int
    channels: int
    sample_format: str = 's16le'
    planar: bool = False


@dataclass(frozen=True)
class AudioChunk:
    """Consecutive samples from one message.

    Attributes:
        samples: int16, or float32 with full scale ±1, (channel, sample).
        first_sample: Index of `samples[:, 0]` since the start of the stream. None if the format has no index.
        sample_rate_hz: Sample rate.
        stamp_ns: Time of the first sample, as far as the format gives it.
        inferred: The format has no index. Gaps are inferred from stamps.
        overflow: The device reported that samples before these were lost.

    """

    samples: PcmSamples
    first_sample: int | None
    sample_rate_hz: int
    stamp_ns: int
    inferred: bool
    overflow: bool = False

    @property
    def channels(self) -> int:
        """Number of channels."""
        return int(self.samples.shape[0])

    @property
    def length(self) -> int:
        """Samples per channel."""
        return int(self.samples.shape[1])

    @property
    def is_finite(self) -> bool:
        """True if no sample is NaN or infinite."""
        return self.samples.dtype == np.int16 or bool(np.isfinite(self.samples).all())

    def with_index(self, first_sample: int) -> IndexedChunk:
        """Return the same audio at an index."""
        return IndexedChunk(
            self.samples, first_sample, self.sample_rate_hz, self.stamp_ns, self.inferred, self.overflow
        )


@dataclass(frozen=True)
class IndexedChunk(AudioChunk):
    """Consecutive samples at a known index of their stream, from the format or inferred from stamps."""

    first_sample: int

    def to_block(self) -> AudioBlock:
        """Return the block that a source would deliver."""
        samples = int16_to_float(self.samples)
        return AudioBlock(samples, self.first_sample, self.sample_rate_hz, self.stamp_ns, self.overflow)
