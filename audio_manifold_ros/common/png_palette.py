# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""PNG images with a palette whose indices are class ids, as label images of other tools usually are."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

PNG_SIGNATURE = b'\x89PNG\r\n\x1a\n'
COLOUR_TYPE_PALETTE = b'\x03'
# Positions in the header: signature, length and name of the chunk, width, height, bit depth, colour type.
BIT_DEPTH_BYTE, COLOUR_TYPE_BYTE = 24, 25
MAX_CHUNKS = 10_000


def decode_class_image(data: bytes) -> NDArray[Any] | None:
    """Return the pixels of an encoded image, or None if it cannot be decoded.

    Returns:
        (row, column) or (row, column, channel) as stored. The indices uint8 (row, column) of a PNG with a palette,
        which a decoder would otherwise replace by colours.

    """
    import cv2

    is_indexed = data.startswith(PNG_SIGNATURE) and data[COLOUR_TYPE_BYTE : COLOUR_TYPE_BYTE + 1] == COLOUR_TYPE_PALETTE
    encoded = _show_indices(data) if is_indexed else data
    try:
        pixels = cv2.imdecode(np.frombuffer(encoded, dtype=np.uint8), cv2.IMREAD_UNCHANGED) if encoded else None
    except cv2.error:  # a header with more pixels than OpenCV allows
        return None
    if pixels is not None and is_indexed:
        pixels = np.ascontiguousarray(pixels[..., 0])
    return pixels


def _show_indices(png: bytes) -> bytes:
    """Return a PNG image whose palette shows each index as the grey level of the same value."""
    entries = 1 << min(png[BIT_DEPTH_BYTE], 8)
    palette = _chunk(b'PLTE', bytes(value for value in range(entries) for _ in range(3)))
    kept = [PNG_SIGNATURE]
    for name, chunk in _chunks(png):
        if name == b'PLTE':
            kept.append(palette)
        elif name != b'tRNS':
            kept.append(chunk)
    return b''.join(kept)


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the name and the bytes of each chunk."""
    position = len(PNG_SIGNATURE)
    for _ in range(MAX_CHUNKS):
        if position + 8 > len(png):
            return
        (size,) = struct.unpack_from('>I', png, position)
        end = position + 12 + size
        yield png[position + 4 : position + 8], png[position:end]
        position = end


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack('>I', len(content)) + name + content + struct.pack('>I', zlib.crc32(name + content))
