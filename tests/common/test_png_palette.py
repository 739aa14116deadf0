# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Images of class ids as PNG with a palette."""

from __future__ import annotations

import struct
import zlib

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from audio_manifold_ros.common.png_palette import decode_class_image

IDS = (np.arange(12 * 16).reshape(12, 16) % 19).astype(np.uint8)


def chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack('>I', len(content)) + name + content + struct.pack('>I', zlib.crc32(name + content))


def palette_png(ids: NDArray[np.uint8], colours: int = 19, *, transparent: bool = False) -> bytes:
    """Return an 8-bit PNG with a palette of colours that differ from the ids."""
    header = struct.pack('>IIBBBBB', ids.shape[1], ids.shape[0], 8, 3, 0, 0, 0)
    rows = b''.join(b'\0' + row.tobytes() for row in ids)
    chunks = [chunk(b'IHDR', header), chunk(b'PLTE', bytes((7 * value + 50) % 256 for value in range(3 * colours)))]
    chunks += [chunk(b'tRNS', b'\0\x80')] if transparent else []
    return b''.join([b'\x89PNG\r\n\x1a\n', *chunks, chunk(b'IDAT', zlib.compress(rows)), chunk(b'IEND', b'')])


@pytest.mark.parametrize('transparent', [False, True])
def test_a_palette_is_read_by_index(*, transparent: bool) -> None:
    decoded = decode_class_image(palette_png(IDS, transparent=transparent))
    assert decoded is not None
    np.testing.assert_array_equal(decoded, IDS)


def test_grey_and_colour_images_are_returned_as_stored() -> None:
    for image in (IDS, np.stack([IDS, IDS + 1, IDS + 2], axis=-1)):
        decoded = decode_class_image(cv2.imencode('.png', image)[1].tobytes())
        assert decoded is not None
        np.testing.assert_array_equal(decoded, image)


@pytest.mark.parametrize('data', [b'', b'\x89PNG\r\n\x1a\n', palette_png(IDS)[:60], palette_png(IDS)[:26]])
def test_damaged_images_are_none(data: bytes) -> None:
    assert decode_class_image(data) is None
