# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Decompression of single messages (message mode of rosbag2) and of chunks, including truncated chunks."""

from __future__ import annotations

import lz4.frame
import zstandard

ZSTD_MAGIC = b'\x28\xb5\x2f\xfd'  # CDR starts with 0, so an uncompressed message never starts with this
CODECS = ('', 'lz4', 'zstd')
DECOMPRESSION_ERRORS = (zstandard.ZstdError, RuntimeError, ValueError, MemoryError)  # lz4 raises RuntimeError


def decompress_message(data: bytes) -> bytes:
    """Return the CDR bytes of a message, decompressed if rosbag2 compressed it by message.

    Raises:
        zstandard.ZstdError: The compressed bytes are damaged.

    """
    return zstandard.decompress(data) if data.startswith(ZSTD_MAGIC) else data


def decompress_chunk(codec: str, data: bytes) -> bytes:
    """Return the decompressed records of a chunk, up to the point where the data are truncated.

    Args:
        codec: One of `CODECS`.
        data: Compressed records. They may be truncated.

    Raises:
        Exception: One of `DECOMPRESSION_ERRORS`, if the data are damaged and not only truncated.

    """
    if codec == 'zstd':
        return zstandard.ZstdDecompressor().decompressobj().decompress(data)
    if codec == 'lz4':
        return bytes(lz4.frame.LZ4FrameDecompressor().decompress(data))
    return data
