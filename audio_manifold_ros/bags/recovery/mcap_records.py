# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Taking mcap records apart without trusting them: a record is either exactly as the format says, or refused."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple, final

from audio_manifold_ros.bags.storage.decompression import CODECS

RECORD_HEADER = struct.Struct('<BQ')
HEADER, FOOTER, SCHEMA, CHANNEL, MESSAGE, CHUNK, MESSAGE_INDEX = 1, 2, 3, 4, 5, 6, 7
ATTACHMENT, STATISTICS, METADATA, DATA_END = 9, 11, 12, 15
DATA_OPCODES = (HEADER, SCHEMA, CHANNEL, MESSAGE, CHUNK, MESSAGE_INDEX, ATTACHMENT, METADATA, DATA_END)
MESSAGE_FIELDS = struct.Struct('<HIQQ')
CHUNK_TIMES = struct.Struct('<QQQI')
MAX_CHUNK_HEADER_BYTES = 64  # bytes behind the length of a chunk that are sure to hold all its fields but the records


class RecordError(Exception):
    """A record that is not as the format says; it stays inside the package."""


class RawMcapRecord(NamedTuple):
    """One record of a buffer: opcode, its content, the offset behind it."""

    opcode: int
    body: bytes
    end: int


class ChunkHeader(NamedTuple):
    """What stands before the records of a chunk.

    Attributes:
        uncompressed_bytes: Size of the decompressed records.
        crc: CRC-32 of these, 0 for none.
        codec: Compression.
        start: Offset of the records behind the opcode.
        compressed_bytes: Size of the records as stored.

    """

    uncompressed_bytes: int
    crc: int
    codec: str
    start: int
    compressed_bytes: int


@final
class RecordFields:
    """Reads the fields of one record in their order."""

    def __init__(self, body: bytes) -> None:
        """Start at the first field."""
        self._body = body
        self._offset = 0

    @property
    def offset(self) -> int:
        """Bytes read."""
        return self._offset

    def number(self, size: int) -> int:
        """Return an unsigned number of `size` bytes."""
        return int.from_bytes(self.take(size), 'little')

    def take(self, size: int) -> bytes:
        """Return the next bytes.

        Raises:
            RecordError: The record ends before.

        """
        taken = self._body[self._offset : self._offset + size]
        if len(taken) != size:
            msg = f'a record that ends after {len(self._body)} bytes'
            raise RecordError(msg)
        self._offset += size
        return taken

    def text(self) -> str:
        """Return a text with its length before it.

        Raises:
            RecordError: It is no UTF-8.

        """
        try:
            return self.take(self.number(4)).decode()
        except UnicodeDecodeError:
            msg = 'a record with a text that is none'
            raise RecordError(msg) from None

    def string_map(self) -> dict[str, str]:
        """Return a map of texts with its length before it."""
        end = self.number(4) + self._offset
        found = {}
        while self._offset < end:
            key = self.text()
            found[key] = self.text()
        return found

    def expect_end(self) -> None:
        """Prove that nothing is left.

        Raises:
            RecordError: Something is.

        """
        if self._offset != len(self._body):
            msg = f'a record with {len(self._body) - self._offset} bytes too many'
            raise RecordError(msg)


def iter_complete_records(data: bytes) -> Iterator[RawMcapRecord]:
    """Return the records that lie end to end in a buffer, up to the first that is not whole."""
    offset = 0
    while offset + RECORD_HEADER.size <= len(data):
        opcode, size = RECORD_HEADER.unpack_from(data, offset)
        end = offset + RECORD_HEADER.size + size
        if opcode == 0 or end > len(data):
            return
        yield RawMcapRecord(opcode, data[offset + RECORD_HEADER.size : end], end)
        offset = end


def parse_chunk_header(start: bytes, length: int) -> ChunkHeader:
    """Return what stands before the records of a chunk.

    Args:
        start: The first bytes of the record behind its length.
        length: The length of the record.

    Raises:
        RecordError: The fields contradict each other.

    """
    fields = RecordFields(start)
    _, _, uncompressed_bytes, crc = CHUNK_TIMES.unpack(fields.take(CHUNK_TIMES.size))
    if (codec_bytes := fields.number(4)) > max(map(len, CODECS)):
        msg = f'a chunk with a compression of {codec_bytes} letters'
        raise RecordError(msg)
    codec = fields.take(codec_bytes).decode('latin-1')
    compressed_bytes = fields.number(8)
    sizes_match = fields.offset + compressed_bytes == length and (codec or compressed_bytes == uncompressed_bytes)
    if codec not in CODECS or not sizes_match:
        msg = f'a chunk of compression {codec!r} with sizes that do not agree'
        raise RecordError(msg)
    return ChunkHeader(uncompressed_bytes, crc, codec, fields.offset, compressed_bytes)


def validate_record(opcode: int, body: bytes) -> None:
    """Prove that a record which holds no messages is what its opcode says, not a chunk with a flipped opcode.

    Raises:
        RecordError: It is not, or the opcode is unknown.

    """
    fields = RecordFields(body)
    if opcode == HEADER:
        fields.text()
        fields.text()
    elif opcode == MESSAGE_INDEX:
        fields.number(2)
        fields.take(fields.number(4))
    elif opcode == ATTACHMENT:
        fields.take(16)
        fields.text()
        fields.text()
        fields.take(fields.number(8))
        fields.take(4)
    else:
        msg = f'a record of unknown opcode {opcode}'
        raise RecordError(msg)
    fields.expect_end()
