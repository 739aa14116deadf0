# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Decompression of messages (message mode of rosbag2), chunks and files, up to a limit of size.

Compressed data may state any size and may grow without end. They are decompressed in pieces, and refused as soon as
they exceed the limit.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import BinaryIO

import lz4.frame
import zstandard

from audio_manifold_ros.bags.storage.limits import MAX_CHUNK_BYTES, MAX_MESSAGE_BYTES

ZSTD_MAGIC = b'\x28\xb5\x2f\xfd'  # CDR starts with 0, so an uncompressed message never starts with this
CODECS = ('', 'lz4', 'zstd')
DECOMPRESSION_ERRORS = (zstandard.ZstdError, RuntimeError, ValueError, MemoryError)  # lz4 raises RuntimeError
PIECE_BYTES = 2**20
# zstd allocates its window before the first byte. `zstd --long=27` is the largest window that zstd accepts by default.
MAX_WINDOW_BYTES = 2**27


def decompress_message(data: bytes) -> bytes:
    """Return the CDR bytes of a message, decompressed if rosbag2 compressed it by message.

    Raises:
        Exception: One of `DECOMPRESSION_ERRORS`, if the data are damaged or larger than `MAX_MESSAGE_BYTES`.

    """
    if not data.startswith(ZSTD_MAGIC):
        return data
    stated = zstandard.frame_content_size(data)
    if 0 <= stated <= MAX_MESSAGE_BYTES:
        return zstandard.ZstdDecompressor(max_window_size=MAX_WINDOW_BYTES).decompress(data, max_output_size=stated)
    return b''.join(_limited(decompressed_pieces(BytesIO(data)), MAX_MESSAGE_BYTES))


def decompress_chunk(codec: str, data: bytes, stated_bytes: int = MAX_CHUNK_BYTES) -> bytes:
    """Return the decompressed records of a chunk, up to the point where the data are truncated.

    Args:
        codec: One of `CODECS`.
        data: Compressed records. They may be truncated.
        stated_bytes: Size that the chunk states.

    Raises:
        Exception: One of `DECOMPRESSION_ERRORS`, if the data are damaged and not only truncated, or larger than stated.

    """
    limit = min(stated_bytes, MAX_CHUNK_BYTES)
    if codec == 'zstd':
        return b''.join(_limited(decompressed_pieces(BytesIO(data)), limit))
    if codec == 'lz4':
        return b''.join(_limited(_lz4_pieces(data), limit))
    return b''.join(_limited(iter((data,)), limit))


def decompressed_pieces(packed: BinaryIO) -> Iterator[bytes]:
    """Yield the decompressed content of a zstd stream in pieces of at most 1 MiB, up to a truncation.

    Raises:
        zstandard.ZstdError: The compressed bytes are damaged.

    """
    unpacker = zstandard.ZstdDecompressor(max_window_size=MAX_WINDOW_BYTES)
    with unpacker.stream_reader(packed, closefd=False, read_across_frames=True) as reader:
        while piece := reader.read(PIECE_BYTES):
            yield piece


def _lz4_pieces(data: bytes) -> Iterator[bytes]:
    unpacker = lz4.frame.LZ4FrameDecompressor()
    piece = unpacker.decompress(data, max_length=PIECE_BYTES)
    while piece:
        yield piece
        if unpacker.eof:
            return
        piece = unpacker.decompress(b'', max_length=PIECE_BYTES)


def _limited(pieces: Iterator[bytes], limit: int) -> Iterator[bytes]:
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > limit:
            msg = f'the decompressed data exceed {limit} bytes'
            raise ValueError(msg)
        yield piece
