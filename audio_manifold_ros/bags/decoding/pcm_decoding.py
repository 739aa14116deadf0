# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Decoding of interleaved PCM to an array of channels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.array_types import PcmSamples
from audio_manifold_ros.common.errors import BagError

# Sample formats of this project, GStreamer (audio_common) and audio_utils: element type, bits of the value, unsigned
# or not. 24 bits are packed in three bytes ('u1') or stored in the lower three of four.
FORMATS: dict[str, tuple[str, int, bool]] = {
    's8': ('<i1', 8, False),
    'u8': ('<u1', 8, True),
    's16le': ('<i2', 16, False),
    's16be': ('>i2', 16, False),
    'u16le': ('<u2', 16, True),
    's24le': ('<u1', 24, False),
    'u24le': ('<u1', 24, True),
    's24_32le': ('<i4', 24, False),
    'u24_32le': ('<u4', 24, True),
    's32le': ('<i4', 32, False),
    's32be': ('>i4', 32, False),
    'u32le': ('<u4', 32, True),
    'f32le': ('<f4', 0, False),
    'f32be': ('>f4', 0, False),
    'f64le': ('<f8', 0, False),
}


def decode_pcm(data: Any, name: str, channels: int) -> PcmSamples:
    """Return the samples of interleaved frames.

    Args:
        data: The bytes, as any object with a buffer, or a list of them.
        name: A key of `FORMATS`.
        channels: Number of channels.

    Returns:
        (channel, sample), C-contiguous: int16 for at most 16 bits (shorter values are shifted up), else float32 with
        full scale ±1.

    Raises:
        BagError: Unknown format, no channels, or not a whole number of frames.

    """
    if name not in FORMATS:
        msg = f'Audio of the sample format {name!r} cannot be read: record one of {sorted(FORMATS)}.'
        raise BagError(msg)
    dtype = np.dtype(FORMATS[name][0])
    packed = 3 if FORMATS[name][1] == 24 and dtype.itemsize == 1 else 1
    frame_bytes = channels * dtype.itemsize * packed
    raw = as_array(data, np.dtype(np.uint8))
    if channels < 1 or not len(raw) or len(raw) % frame_bytes:
        msg = (
            f'Audio of {len(raw)} bytes in {channels!r} channels of {name!r}: send whole frames of '
            f'{frame_bytes} bytes, at least one.'
        )
        raise BagError(msg)
    return to_samples(raw.view(dtype).reshape(-1, channels * packed), name, channels)


def to_samples(frames: NDArray[Any], name: str, channels: int) -> PcmSamples:
    """Convert (frame, channel) values of a format to (channel, sample) of int16 or float32."""
    dtype, bits, unsigned = FORMATS[name]
    if bits == 0:
        return np.ascontiguousarray(frames.T, dtype=np.float32)
    if bits == 24 and np.dtype(dtype).itemsize == 1:
        frames = _unpack(frames, channels)
    values = frames.T
    if unsigned:
        values = values.astype(np.int64) - (1 << (bits - 1))
    if bits == 16:
        return np.ascontiguousarray(values, dtype=np.int16)
    if bits < 16:
        return np.ascontiguousarray(values.astype(np.int16) << (16 - bits), dtype=np.int16)
    if bits == 24 and not unsigned:
        # The fourth byte is padding and may not continue the sign.
        values = (values.astype(np.int32) << 8) >> 8
    return np.ascontiguousarray(values / float(1 << (bits - 1)), dtype=np.float32)


def as_array(data: Any, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return the elements of the array of a message, which is from numpy, an `array.array`, or a list."""
    if isinstance(data, np.ndarray):
        return np.ascontiguousarray(data).view(dtype) if data.itemsize == dtype.itemsize else data.astype(dtype)
    if isinstance(data, (list, tuple)):
        return np.array(data, dtype=dtype)
    return np.frombuffer(data, dtype=dtype)


def _unpack(frames: NDArray[Any], channels: int) -> NDArray[np.int32]:
    """Convert (frame, 3 · channel) bytes, little endian, to (frame, channel) values from 0 to 2^24 - 1."""
    parts = frames.reshape(len(frames), channels, 3).astype(np.int32)
    values: NDArray[np.int32] = parts[..., 0] | parts[..., 1] << 8 | parts[..., 2] << 16
    return values
