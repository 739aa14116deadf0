# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Conversion between audio blocks and `audio_manifold_msgs/AudioBlock` messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from audio_manifold_msgs.msg import AudioBlock as AudioBlockMessage

from audio_manifold_ros.audio.block import AudioBlock
from audio_manifold_ros.common.errors import NodeError
from audio_manifold_ros.common.pcm16 import STEPS_PER_UNIT, float_to_int16
from audio_manifold_ros.nodes.common.messages import to_bytes, to_header, to_ns

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
    dtype = DTYPES.get(message.encoding)
    if dtype is None:
        msg = f'Audio encoding {message.encoding!r} is unknown: send one of {sorted(DTYPES)}.'
        raise NodeError(msg)
    if message.sample_rate_hz == 0 or message.channel_count == 0:
        msg = f'Audio of {message.sample_rate_hz} Hz and {message.channel_count} channels: send positive numbers.'
        raise NodeError(msg)
    frame_bytes = message.channel_count * dtype.itemsize
    if len(message.data) == 0 or len(message.data) % frame_bytes:
        expected = f'whole frames of {frame_bytes} bytes ({message.channel_count} channels)'
        msg = f'Audio of {len(message.data)} bytes: send {expected}.'
        raise NodeError(msg)
    frames = np.frombuffer(message.data, dtype=dtype).reshape(-1, message.channel_count)
    samples = np.ascontiguousarray(frames.T, dtype=np.float32)
    if message.encoding == 's16le':
        samples /= STEPS_PER_UNIT
    elif not np.isfinite(samples).all():
        msg = f'Audio from sample {message.first_sample} on contains values that are not finite: fix the publisher.'
        raise NodeError(msg)
    return AudioBlock(
        samples, message.first_sample, message.sample_rate_hz, to_ns(message.header.stamp), message.overflow
    )


def _encode(samples: Samples, encoding: Encoding) -> NDArray[np.generic]:
    if encoding == 'f32le':
        return samples.astype(DTYPES['f32le'])
    return float_to_int16(samples).astype(DTYPES['s16le'])
