# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Strict parser of mcap records for recovery: a record either matches the format exactly, or is rejected.

The parser is hand-written because the readers of the `mcap` package assume intact files: they follow wrong lengths and
stop at the first error. Opcodes are those of the package.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple, final

from mcap.opcode import Opcode

from audio_manifold_ros.bags.storage.decompression import CODECS

RECORD_HEADER = struct.Struct('<BQ')
DATA_OPCODES = (
    Opcode.HEADER,
    Opcode.SCHEMA,
    Opcode.CHANNEL,
    Opcode.MESSAGE,
    Opcode.CHUNK,
    Opcode.MESSAGE_INDEX,
    Opcode.ATTACHMENT,
    Opcode.METADATA,
    Opcode.DATA_END,
)
MESSAGE_FIELDS = struct.Struct('<HIQQ')
CHUNK_TIMES = struct.Struct('<QQQI')
MAX_CHUNK_HEADER_BYTES = 64  # upper bound of the fields between the length of a chunk and its records


class RecordError(Exception):
    """A record does not match the format. Only raised inside this package."""


class RawMcapRecord(NamedTuple):
    """One record of a buffer: opcode, content, and offset of the next record."""

    opcode: int
    body: bytes
    end: int


class ChunkHeader(NamedTuple):
    """Fields of a chunk before its records.

    Attributes:
        uncompressed_bytes: Size of the decompressed records.
        crc: CRC-32 of the decompressed records, 0 for none.
        codec: Name of the compression.
        start: Offset of the records from the start of the body.
        compressed_bytes: Size of the stored records.

    """

    uncompressed_bytes: int
    crc: int
    codec: str
    start: int
    compressed_bytes: int


@final
class RecordFields:
    """Sequential reader of the fields of one record."""

    def __init__(self, body: bytes) -> None:
        """Start at the first field."""
        self._body = body
        self._offset = 0

    @property
    def offset(self) -> int:
        """Number of bytes read."""
        return self._offset

    def number(self, size: int) -> int:
        """Return an unsigned number of `size` bytes."""
        return int.from_bytes(self.take(size), 'little')

    def take(self, size: int) -> bytes:
        """Return the next bytes.

        Raises:
            RecordError: The record is too short.

        """
        taken = self._body[self._offset : self._offset + size]
        if len(taken) != size:
            msg = f'a record that ends after {len(self._body)} bytes'
            raise RecordError(msg)
        self._offset += size
        return taken

    def text(self) -> str:
        """Return a string with a length prefix.

        Raises:
            RecordError: The string is not UTF-8.

        """
        try:
            return self.take(self.number(4)).decode()
        except UnicodeDecodeError:
            msg = 'invalid UTF-8 in a string field'
            raise RecordError(msg) from None

    def string_map(self) -> dict[str, str]:
        """Return a map of strings with a length prefix."""
        end = self.number(4) + self._offset
        found = {}
        while self._offset < end:
            key = self.text()
            found[key] = self.text()
        return found

    def expect_end(self) -> None:
        """Validate that all bytes were read.

        Raises:
            RecordError: Bytes are left.

        """
        if self._offset != len(self._body):
            msg = f'a record with {len(self._body) - self._offset} bytes too many'
            raise RecordError(msg)


def iter_complete_records(data: bytes) -> Iterator[RawMcapRecord]:
    """Yield consecutive records of a buffer, up to the first incomplete one."""
    offset = 0
    while offset + RECORD_HEADER.size <= len(data):
        opcode, size = RECORD_HEADER.unpack_from(data, offset)
        end = offset + RECORD_HEADER.size + size
        if opcode == 0 or end > len(data):
            return
        yield RawMcapRecord(opcode, data[offset + RECORD_HEADER.size : end], end)
        offset = end


def parse_chunk_header(start: bytes, length: int) -> ChunkHeader:
    """Parse the fields of a chunk before its records.

    Args:
        start: First bytes of the body.
        length: Length of the body.

    Raises:
        RecordError: The fields are inconsistent.

    """
    fields = RecordFields(start)
    _, _, uncompressed_bytes, crc = CHUNK_TIMES.unpack(fields.take(CHUNK_TIMES.size))
    if (codec_bytes := fields.number(4)) > max(map(len, CODECS)):
        msg = f'a chunk with a compression name of {codec_bytes} bytes'
        raise RecordError(msg)
    codec = fields.take(codec_bytes).decode('latin-1')
    compressed_bytes = fields.number(8)
    sizes_match = fields.offset + compressed_bytes == length and (codec or compressed_bytes == uncompressed_bytes)
    if codec not in CODECS or not sizes_match:
        msg = f'a chunk of compression {codec!r} with inconsistent sizes'
        raise RecordError(msg)
    return ChunkHeader(uncompressed_bytes, crc, codec, fields.offset, compressed_bytes)


def validate_record(opcode: int, body: bytes) -> None:
    """Validate a record without messages. This detects a chunk with a damaged opcode.

    Raises:
        RecordError: The content does not match the opcode, or the opcode is unknown.

    """
    fields = RecordFields(body)
    if opcode == Opcode.HEADER:
        fields.text()
        fields.text()
    elif opcode == Opcode.MESSAGE_INDEX:
        fields.number(2)
        fields.take(fields.number(4))
    elif opcode == Opcode.ATTACHMENT:
        fields.take(16)
        fields.text()
        fields.text()
        fields.take(fields.number(8))
        fields.take(4)
    else:
        msg = f'a record of unknown opcode {opcode}'
        raise RecordError(msg)
    fields.expect_end()
