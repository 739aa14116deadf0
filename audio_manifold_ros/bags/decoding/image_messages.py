# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Decoding of colour, depth and label images, raw or compressed, from messages of rosbags or of rclpy."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.errors import BagError
from audio_manifold_ros.common.png_palette import decode_class_image

IMAGE = 'sensor_msgs/msg/Image'
COMPRESSED_IMAGE = 'sensor_msgs/msg/CompressedImage'
IMAGE_TYPES = (IMAGE, COMPRESSED_IMAGE)
# Encoding: element type, values of one pixel, and the positions of red, green and blue.
ENCODINGS: dict[str, tuple[str, int, tuple[int, ...]]] = {
    '32FC1': ('f4', 1, ()),
    '16UC1': ('u2', 1, ()),
    'mono16': ('u2', 1, ()),
    'mono8': ('u1', 1, (0, 0, 0)),
    '8UC1': ('u1', 1, (0, 0, 0)),
    'rgb8': ('u1', 3, (0, 1, 2)),
    '8UC3': ('u1', 3, (2, 1, 0)),
    'bgr8': ('u1', 3, (2, 1, 0)),
    'rgba8': ('u1', 4, (0, 1, 2)),
    'bgra8': ('u1', 4, (2, 1, 0)),
}
MAX_PIXELS = 1 << 26
# compressed_depth_image_transport writes 12 bytes before the PNG: format, and two quantisation parameters of 32FC1
# (depth = a / (value - b)).
DEPTH_HEADER = struct.Struct('<iff')
PNG = b'\x89PNG'


def decode_rgb(message: Any) -> NDArray[np.uint8]:
    """Return a colour image: uint8 (row, column, 3), red first.

    Raises:
        BagError: The message is not a colour or grey image, or is damaged.

    """
    if _is_compressed(message):
        pixels = _imdecode(_bytes(message), colour=True)
        return np.ascontiguousarray(pixels[..., ::-1])
    pixels = _pixels(message)
    order = ENCODINGS[message.encoding][2]
    if not order:
        msg = f'An image of {message.encoding!r} is neither colour nor grey: give a colour or grey topic.'
        raise BagError(msg)
    planes = pixels[..., None] if pixels.ndim == 2 else pixels
    return np.ascontiguousarray(planes[..., list(order)], dtype=np.uint8)


def decode_depth_m(message: Any) -> NDArray[np.float32]:
    """Return depth in metres: float32 (row, column), NaN where it is not positive.

    32FC1 is in metres, 16UC1 in millimetres with 0 for invalid (REP 118). Compressed depth is that of
    compressed_depth_image_transport, or a 16-bit PNG.

    Raises:
        BagError: The message is not a depth image, or is damaged.

    """
    if _is_compressed(message):
        return _positive_depth(_compressed_depth_m(_bytes(message), str(message.format)))
    pixels = _pixels(message)
    if message.encoding == '32FC1':
        return _positive_depth(pixels)
    if message.encoding in {'16UC1', 'mono16'}:
        return _positive_depth(pixels.astype(np.float32) / 1000)
    msg = f"An image of {message.encoding!r} is not depth: record '32FC1' in metres or '16UC1' in millimetres."
    raise BagError(msg)


def decode_labels(message: Any) -> NDArray[np.uint8]:
    """Return class ids: uint8 (row, column), 255 is unlabelled. Compressed labels must be a PNG.

    Raises:
        BagError: The message is not a label image, or is damaged.

    """
    if _is_compressed(message):
        data = _bytes(message)
        if not data.startswith(PNG):
            msg = f'Labels compressed as {message.format!r} have changed class ids: record them raw or as PNG.'
            raise BagError(msg)
        labels = _checked(decode_class_image(data), data)
    else:
        labels = _pixels(message)
    if labels.dtype != np.uint8 or labels.ndim != 2:
        msg = f"An image of {labels.dtype} {labels.shape} is not a label image: record 'mono8' or '8UC1' class ids."
        raise BagError(msg)
    return np.ascontiguousarray(labels)


def _is_compressed(message: Any) -> bool:
    return not hasattr(message, 'encoding')


def _bytes(message: Any) -> bytes:
    return bytes(memoryview(message.data)) if len(message.data) else b''


def _pixels(message: Any) -> NDArray[Any]:
    encoding = str(message.encoding)
    if encoding not in ENCODINGS:
        msg = f'Image encoding {encoding!r} is not supported: record one of {sorted(ENCODINGS)}.'
        raise BagError(msg)
    element, values, _ = ENCODINGS[encoding]
    dtype = np.dtype(('>' if message.is_bigendian else '<') + element)
    row_bytes = message.width * values * dtype.itemsize
    if not row_bytes or message.step < row_bytes or len(message.data) != message.step * message.height:
        msg = (
            f'Image of {message.height} x {message.width} {encoding!r} with step {message.step} has '
            f'{len(message.data)} bytes: its source must send step >= {row_bytes} and step x height bytes.'
        )
        raise BagError(msg)
    rows = np.frombuffer(message.data, dtype=np.uint8).reshape(message.height, message.step)[:, :row_bytes]
    pixels = np.ascontiguousarray(rows).view(dtype).astype(dtype.newbyteorder('='))
    return pixels.reshape(message.height, message.width, values) if values > 1 else pixels


def _compressed_depth_m(data: bytes, name: str) -> NDArray[np.float32]:
    at = data.find(PNG, 0, DEPTH_HEADER.size + len(PNG))
    if at < 0:
        msg = f'Depth compressed as {name!r} is not supported: record it raw, or as PNG by compressedDepth.'
        raise BagError(msg)
    values = _imdecode(data[at:], colour=False)
    if values.dtype != np.uint16 or values.ndim != 2:
        msg = f'Compressed depth of {values.dtype} {values.shape}: record a PNG of 16 bits.'
        raise BagError(msg)
    if not name.startswith('32FC1'):
        return np.asarray(values / np.float32(1000), dtype=np.float32)
    if at != DEPTH_HEADER.size:
        msg = f'Depth compressed as {name!r} lacks the {DEPTH_HEADER.size} bytes before its PNG: record it raw.'
        raise BagError(msg)
    _, a, b = DEPTH_HEADER.unpack_from(data)
    steps = np.where(values > 0, values.astype(np.float32), np.float32(np.nan))
    return np.asarray(np.float32(a) / (steps - np.float32(b)), dtype=np.float32)


def _imdecode(data: bytes, *, colour: bool) -> NDArray[Any]:
    import cv2

    # The pixels of the sensor are meant: an orientation in the EXIF data must not turn them.
    flags = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION if colour else cv2.IMREAD_UNCHANGED
    try:
        found = cv2.imdecode(np.frombuffer(data, dtype=np.uint8), flags)
    except cv2.error:
        found = None
    return _checked(found, data)


def _checked(found: NDArray[Any] | None, data: bytes) -> NDArray[Any]:
    if found is None or not 0 < found.shape[0] * found.shape[1] <= MAX_PIXELS:
        msg = f'A compressed image of {len(data)} bytes ({data[:8]!r}…) cannot be decoded: it is damaged.'
        raise BagError(msg)
    return np.asarray(found)


def _positive_depth(depth_m: NDArray[Any]) -> NDArray[np.float32]:
    result = np.array(depth_m, dtype=np.float32)
    with np.errstate(invalid='ignore'):
        result[~(np.isfinite(result) & (result > 0))] = np.nan
    return result
