# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Undoing compression: of single messages (rosbag2's message mode) and of chunks, cut ones as far as they go."""

from __future__ import annotations

import lz4.frame
import zstandard

ZSTD_MAGIC = b'\x28\xb5\x2f\xfd'  # CDR begins with 0, so a compressed message cannot be taken for a plain one
CODECS = ('', 'lz4', 'zstd')
DECOMPRESSION_ERRORS = (zstandard.ZstdError, RuntimeError, ValueError, MemoryError)  # lz4 raises RuntimeError


def decompress_message(data: bytes) -> bytes:
    """Return the CDR bytes of a message, decompressed if rosbag2 compressed it by message.

    Raises:
        zstandard.ZstdError: The compressed bytes are damaged.

    """
    return zstandard.decompress(data) if data.startswith(ZSTD_MAGIC) else data


def decompress_chunk(codec: str, data: bytes) -> bytes:
    """Return what can be decompressed of the records of a chunk: all of it, or what lies before a cut.

    Args:
        codec: One of `CODECS`.
        data: The records, perhaps cut.

    Raises:
        Exception: One of `DECOMPRESSION_ERRORS`: the data are damaged rather than cut.

    """
    if codec == 'zstd':
        return zstandard.ZstdDecompressor().decompressobj().decompress(data)
    if codec == 'lz4':
        return bytes(lz4.frame.LZ4FrameDecompressor().decompress(data))
    return data
