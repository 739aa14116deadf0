# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Writer of one mcap file that stays readable after a crash or on a full disk.

Format: https://mcap.dev/spec. Every flush appends one uncompressed chunk with its CRC and index, because PCM and JPEG
do not compress. A flush that fails (disk full) leaves the file and the pending messages unchanged.

This writer is hand-written because the writer of the `mcap` package has no public method that ends a chunk, and cannot
undo a failed write. Records and opcodes are those of the package.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import final

from mcap.data_stream import RecordBuilder
from mcap.opcode import Opcode
from mcap.records import (
    Channel,
    ChunkIndex,
    DataEnd,
    Footer,
    Header,
    McapRecord,
    MessageIndex,
    Metadata,
    MetadataIndex,
    Schema,
    Statistics,
    SummaryOffset,
)
from mcap.writer import MCAP0_MAGIC

PROFILE = 'ros2'
LIBRARY = f'audio_manifold_ros, mcap {version("mcap")}'
MESSAGE_HEAD = struct.Struct('<BQHIQQ')  # opcode, length, channel, sequence, log time, publish time
MESSAGE_FIELDS = MESSAGE_HEAD.size - 9
CHUNK_HEAD = struct.Struct('<BQQQQIIQ')  # opcode, length, first time, last time, size, crc, no compression, size
CHUNK_FIELDS = CHUNK_HEAD.size - 9
FOOTER_START = struct.Struct('<BQQQ')  # part of the footer that the summary checksum covers: opcode to offset start
FOOTER_CHECKSUM_BYTES = 4
FOOTER_FIELDS = FOOTER_START.size - 9 + FOOTER_CHECKSUM_BYTES
PRIVATE_FILE_MODE, SHARED_FILE_MODE = 0o600, 0o666


@final
class McapFileWriter:
    """An mcap file that is being written. Not thread-safe.

    Attributes:
        path: The file.
        start_ns: Time of the earliest message, None before the first.
        end_ns: Time of the latest message.
        messages: Number of messages, including those of the pending chunk.
        pending_bytes: Size of the pending chunk.
        pending_messages: Number of messages in the pending chunk.

    """

    def __init__(self, path: Path, *, shared: bool = False) -> None:
        """Create the file.

        Args:
            path: The file.
            shared: Use the permissions of the umask. Otherwise only the user may read the file.

        Raises:
            OSError: The file exists, or cannot be written.

        """
        self.path = path
        self.start_ns: int | None = None
        self.end_ns = 0
        self._file = os.open(
            path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, SHARED_FILE_MODE if shared else PRIVATE_FILE_MODE
        )
        if not shared:
            os.fchmod(self._file, PRIVATE_FILE_MODE)  # the umask may remove permissions of the user
        self._size = 0
        self._schemas: list[Schema] = []
        self._channels: list[Channel] = []
        self._descriptions: dict[int, bytes] = {}
        self._counts: dict[int, int] = {}
        self._chunks: list[ChunkIndex] = []
        self._metadata: list[MetadataIndex] = []
        self._begin_chunk()
        try:
            self._append(MCAP0_MAGIC + _bytes_of(Header(PROFILE, LIBRARY)))
        except OSError:
            self.close()
            raise

    @property
    def messages(self) -> int:
        """Number of messages, including those of the pending chunk."""
        return sum(self._counts.values())

    @property
    def pending_messages(self) -> int:
        """Number of messages in the pending chunk."""
        return sum(len(times) for times in self._index.values())

    @property
    def bytes_taken(self) -> int:
        """Size of the file and of the pending chunk."""
        return self._size + self.pending_bytes

    def count(self, channel: int) -> int:
        """Return the number of messages of a channel, 0 for an unknown channel."""
        return self._counts.get(channel, 0)

    def add_schema(self, name: str, encoding: str, data: bytes) -> int:
        """Write a schema and return its number.

        Raises:
            OSError: The file cannot be written.

        """
        schema = Schema(id=len(self._schemas) + 1, name=name, encoding=encoding, data=data)
        self._append(_bytes_of(schema))
        self._schemas.append(schema)
        return schema.id

    def add_channel(self, topic: str, schema: int, metadata: Mapping[str, str]) -> int:
        """Write a channel of CDR messages and return its number.

        Raises:
            OSError: The file cannot be written.

        """
        channel = Channel(
            id=len(self._channels) + 1,
            topic=topic,
            message_encoding='cdr',
            metadata=dict(metadata),
            schema_id=schema,
        )
        self._append(_bytes_of(channel))
        self._channels.append(channel)
        self._descriptions[channel.id] = _bytes_of(self._schemas[schema - 1]) + _bytes_of(channel)
        self._counts[channel.id] = 0
        return channel.id

    def add_metadata(self, name: str, metadata: Mapping[str, str]) -> None:
        """Write a metadata record.

        Raises:
            OSError: The file cannot be written.

        """
        record = _bytes_of(Metadata(name=name, metadata=dict(metadata)))
        index = MetadataIndex(offset=self._size, length=len(record), name=name)
        self._append(record)
        self._metadata.append(index)

    def write(self, channel: int, data: bytes, time_ns: int) -> None:
        """Add a message to the pending chunk.

        Each chunk repeats the schemas and channels of its messages. Its checksum covers them, and it stays readable if
        the file before it is lost.
        """
        if channel not in self._index:
            self._parts.append(self._descriptions[channel])
            self.pending_bytes += len(self._descriptions[channel])
        head = MESSAGE_HEAD.pack(
            Opcode.MESSAGE, MESSAGE_FIELDS + len(data), channel, self._counts[channel], time_ns, time_ns
        )
        self._index.setdefault(channel, []).append((time_ns, self.pending_bytes))
        self._parts += (head, data)
        self.pending_bytes += len(head) + len(data)
        self._counts[channel] += 1
        self.start_ns = time_ns if self.start_ns is None else min(self.start_ns, time_ns)
        self.end_ns = max(self.end_ns, time_ns)

    def flush(self) -> None:
        """Append the pending chunk to the file, unless it is empty.

        Raises:
            OSError: The file cannot be written. File and pending messages are unchanged.

        """
        if not self._parts:
            return
        records = b''.join(self._parts)
        size = len(records)
        times = [time_ns for entries in self._index.values() for time_ns, _ in entries]
        first, last = min(times), max(times)
        length = CHUNK_FIELDS + size
        head = CHUNK_HEAD.pack(Opcode.CHUNK, length, first, last, size, zlib.crc32(records), 0, size)
        start = self._size
        offset = start + len(head) + size
        offsets, indexes = {}, []
        for channel, entries in self._index.items():
            record = _bytes_of(MessageIndex(channel_id=channel, records=entries))
            offsets[channel] = offset
            offset += len(record)
            indexes.append(record)
        index = b''.join(indexes)
        self._append(head, records, index)
        self._chunks.append(
            ChunkIndex(
                message_start_time=first,
                message_end_time=last,
                chunk_start_offset=start,
                chunk_length=len(head) + size,
                message_index_offsets=offsets,
                message_index_length=len(index),
                compression='',
                compressed_size=size,
                uncompressed_size=size,
            )
        )
        self._begin_chunk()

    def drop_pending(self) -> int:
        """Discard the pending chunk and return its number of messages."""
        dropped = self.pending_messages
        for channel, entries in self._index.items():
            self._counts[channel] -= len(entries)
        self._begin_chunk()
        if self._chunks:
            self.start_ns = min(chunk.message_start_time for chunk in self._chunks)
            self.end_ns = max(chunk.message_end_time for chunk in self._chunks)
        else:
            self.start_ns, self.end_ns = None, 0
        return dropped

    def finish(self) -> None:
        """Append the pending chunk, the summary and the footer. The file stays open for `sync`.

        Raises:
            OSError: The file cannot be written. Messages of earlier flushes can be recovered.

        """
        self.flush()
        data_end = _bytes_of(DataEnd(data_section_crc=0))
        summary_start = self._size + len(data_end)
        summary, offset_start = self._summary(summary_start)
        crc = zlib.crc32(summary)
        crc = zlib.crc32(FOOTER_START.pack(Opcode.FOOTER, FOOTER_FIELDS, summary_start, offset_start), crc)
        footer = Footer(summary_start=summary_start, summary_offset_start=offset_start, summary_crc=crc)
        self._append(data_end, summary, _bytes_of(footer), MCAP0_MAGIC)

    def sync(self) -> None:
        """Wait until all appended data are on the disk.

        Raises:
            OSError: The disk reports an error.

        """
        os.fsync(self._file)

    def duplicate(self) -> int:
        """Return another descriptor of the file, for a thread that synchronises it. The caller closes it."""
        return os.dup(self._file)

    def loss_reason(self) -> str:
        """Return why the file is no longer the one that was written, or an empty string."""
        status = os.fstat(self._file)
        if status.st_nlink == 0:
            return 'was deleted'
        if status.st_size < self._size:
            return f'was truncated to {status.st_size} of {self._size} bytes'
        try:
            current = self.path.stat()
        except OSError:
            return 'was moved or deleted'
        return '' if (current.st_dev, current.st_ino) == (status.st_dev, status.st_ino) else 'was replaced'

    def close(self) -> None:
        """Close the file without finishing it."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _begin_chunk(self) -> None:
        self._parts: list[bytes] = []
        self._index: dict[int, list[tuple[int, int]]] = {}
        self.pending_bytes = 0

    def _append(self, *parts: bytes) -> None:
        offset = self._size
        try:
            for part in parts:
                rest = memoryview(part)
                while rest:
                    written = os.pwrite(self._file, rest, offset)
                    offset += written
                    rest = rest[written:]
        except OSError:
            os.ftruncate(self._file, self._size)
            raise
        self._size = offset

    def _summary(self, start: int) -> tuple[bytes, int]:
        statistics = Statistics(
            message_count=self.messages,
            schema_count=len(self._schemas),
            channel_count=len(self._channels),
            attachment_count=0,
            metadata_count=len(self._metadata),
            chunk_count=len(self._chunks),
            message_start_time=self.start_ns or 0,
            message_end_time=self.end_ns,
            channel_message_counts=self._counts,
        )
        groups: tuple[tuple[Opcode, list[McapRecord]], ...] = (
            (Opcode.SCHEMA, [*self._schemas]),
            (Opcode.CHANNEL, [*self._channels]),
            (Opcode.STATISTICS, [statistics]),
            (Opcode.CHUNK_INDEX, [*self._chunks]),
            (Opcode.METADATA_INDEX, [*self._metadata]),
        )
        body, offsets = bytearray(), bytearray()
        for opcode, records in groups:
            group = b''.join(_bytes_of(record) for record in records)
            if group:
                at = start + len(body)
                offsets += _bytes_of(SummaryOffset(group_opcode=opcode, group_start=at, group_length=len(group)))
            body += group
        return bytes(body + offsets), start + len(body)


def _bytes_of(record: McapRecord) -> bytes:
    builder = RecordBuilder()
    record.write(builder)
    return bytes(builder.end())  # type: ignore[no-untyped-call]
