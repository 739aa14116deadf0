# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A run of audio out of a message of any kind, and what a person states where messages do not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from audio_manifold_ros.audio.block import AudioBlock
from audio_manifold_ros.common.pcm16 import int16_to_float

if TYPE_CHECKING:
    from audio_manifold_ros.bags.decoding.pcm_decoding import Samples


@dataclass(frozen=True)
class AudioFormat:
    """What messages leave unsaid.

    Attributes:
        sample_rate_hz: Frames a second.
        channels: Channels of one frame.
        sample_format: A key of `pcm.FORMATS`; of no meaning for multi-arrays, whose type says it.
        planar: A multi-array without labelled dimensions holds channel after channel, not frame after frame.

    """

    sample_rate_hz: int
    channels: int
    sample_format: str = 's16le'
    planar: bool = False


@dataclass(frozen=True)
class AudioChunk:
    """A run of consecutive samples.

    Attributes:
        samples: int16, or float32 with full scale ±1, (channel, sample).
        first_sample: Index of `samples[:, 0]` since the stream began; None where the format carries none.
        sample_rate_hz: Rate.
        stamp_ns: Instant of the first sample, as far as the format tells.
        inferred: The format carries no index: gaps have to be inferred from stamps.
        overflow: The device reported that samples before these were lost.

    """

    samples: Samples
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
        """Number of samples of one channel."""
        return int(self.samples.shape[1])

    def to_block(self, first_sample: int) -> AudioBlock:
        """Return the block that a source would deliver, at an index."""
        samples = int16_to_float(self.samples)
        return AudioBlock(samples, first_sample, self.sample_rate_hz, self.stamp_ns, self.overflow)
