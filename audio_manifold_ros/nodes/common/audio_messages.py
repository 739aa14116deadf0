# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Conversion between audio blocks and `audio_manifold_msgs/AudioBlock` messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from audio_manifold_msgs.msg import AudioBlock as AudioBlockMessage

from audio_manifold_ros.audio.block import AudioBlock
from audio_manifold_ros.bags.decoding.audio_message_adapters import ADAPTERS, AUDIO_BLOCK_TYPE
from audio_manifold_ros.common.errors import BagError, NodeError
from audio_manifold_ros.common.pcm16 import float_to_int16
from audio_manifold_ros.nodes.common.messages import to_bytes, to_header

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from audio_manifold_ros.common.array_types import Samples

Encoding = Literal['s16le', 'f32le']
DTYPES: dict[str, np.dtype[np.generic]] = {'s16le': np.dtype('<i2'), 'f32le': np.dtype('<f4')}


def to_audio_message(block: AudioBlock, frame_id: str, encoding: Encoding = 's16le') -> AudioBlockMessage:
    """Return a block as a message. The encoding s16le rounds to the nearest step and clips at full scale."""
    return AudioBlockMessage(
        header=to_header(block.stamp_ns, frame_id),
        sample_rate_hz=block.sample_rate_hz,
        channel_count=block.channels,
        encoding=encoding,
        first_sample=block.first_sample,
        overflow=block.overflow,
        data=to_bytes(_encode(block.samples, encoding).T),
    )


def from_audio_message(message: AudioBlockMessage) -> AudioBlock:
    """Return the block of a message.

    Raises:
        NodeError: Rate, channel count, encoding or length are invalid, or a sample is not finite.

    """
    try:
        chunk = ADAPTERS[AUDIO_BLOCK_TYPE].read_chunk(message, 0)
    except BagError as error:
        raise NodeError(str(error)) from None
    if not chunk.is_finite:
        msg = f'Audio from sample {message.first_sample} on is not finite: repair its source.'
        raise NodeError(msg)
    return chunk.with_index(message.first_sample).to_block()


def _encode(samples: Samples, encoding: Encoding) -> NDArray[np.generic]:
    if encoding == 'f32le':
        return samples.astype(DTYPES['f32le'])
    return float_to_int16(samples).astype(DTYPES['s16le'])
