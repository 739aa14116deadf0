# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Recovery of the intact messages of a damaged mcap file, before and after the damage.

A chunk with a wrong checksum is discarded, because its damaged message cannot be identified. After a broken record, the
file is searched for the next chunk, which is validated by its checksum. A truncated chunk at the end of an interrupted
recording yields the messages before the end.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Generator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, final

from mcap.opcode import Opcode
from mcap.writer import MCAP0_MAGIC

from audio_manifold_ros.bags.recovery.mcap_records import (
    DATA_OPCODES,
    MAX_CHUNK_HEADER_BYTES,
    MESSAGE_FIELDS,
    RECORD_HEADER,
    ChunkHeader,
    RawMcapRecord,
    RecordError,
    RecordFields,
    iter_complete_records,
    parse_chunk_header,
    validate_record,
)
from audio_manifold_ros.bags.recovery.recovery_log import RecoveredMessage, RecoveryLog
from audio_manifold_ros.bags.storage.bag_message import BagTopic
from audio_manifold_ros.bags.storage.bag_writer import CUSTOM_RECORD
from audio_manifold_ros.bags.storage.decompression import DECOMPRESSION_ERRORS, decompress_chunk, decompress_message
from audio_manifold_ros.bags.storage.limits import (
    MAX_CHUNK_BYTES,
    MAX_COMPRESSION_RATIO,
    MAX_MESSAGE_BYTES,
    MAX_SUMMARY_BYTES,
)
from audio_manifold_ros.bags.storage.mcap_file_writer import FOOTER_CHECKSUM_BYTES, FOOTER_START
from audio_manifold_ros.bags.storage.qos_profiles import lenient_qos_text

FOOTER_BYTES = FOOTER_START.size + FOOTER_CHECKSUM_BYTES + len(MCAP0_MAGIC)
WINDOW_BYTES = 16 * 2**20
# Opcode, length below 4 GiB, times, size, crc, compression.
CHUNK_PATTERN = re.compile(
    re.escape(bytes([Opcode.CHUNK])) + rb'.{4}\x00{4}.{28}(?:\x00{4}|\x03\x00{3}lz4|\x04\x00{3}zstd)', re.DOTALL
)
TRUNCATED = 'the file is truncated'
DATA_END_BYTES = 4
DATA_END_HEAD = RECORD_HEADER.pack(Opcode.DATA_END, DATA_END_BYTES)


@final
class McapRecovery:
    """Messages of one damaged file. Iterate once. After that, the log is complete."""

    def __init__(self, path: Path, log: RecoveryLog) -> None:
        """Read nothing yet.

        Args:
            path: The file. It is only opened for reading.
            log: Receives counts and damage.

        """
        self._path = path
        self._log = log
        self._schemas: dict[int, tuple[str, str]] = {}
        self._topics: dict[int, BagTopic] = {}
        self._verified: set[tuple[int, int]] = set()
        self._summary_start = 0
        self._has_end = False
        self._unusable: dict[str, tuple[int, int, int]] = {}
        # Schemas and channels of a summary without a checksum. They are used for channels that the data do not define.
        self._unverified_summary: list[RawMcapRecord] = []

    def __iter__(self) -> Iterator[RecoveredMessage]:
        """Yield every intact message, in the order of the file.

        Raises:
            OSError: The file cannot be read.

        """
        size = self._path.stat().st_size
        with self._path.open('rb') as file:
            if file.read(len(MCAP0_MAGIC)) != MCAP0_MAGIC:
                self._log.add_damage(0, 0, 'the file does not start with the signature of mcap')
            self._read_summary(file, size)
            position: int | None = len(MCAP0_MAGIC)
            while position is not None and position < size:
                position = yield from self._record(file, position, size)
            if not self._has_end:
                self._log.add_damage(size, 0, 'the file has no end: its writer was killed, or it is truncated')
        for reason, (offset, count, lost) in self._unusable.items():
            self._log.add_damage(offset, lost, f'{count} messages {reason}')

    def _record(self, file: BinaryIO, position: int, size: int) -> Generator[RecoveredMessage, None, int | None]:
        """Yield the messages of a record. Return the position of the next record, or None at the end of the data."""
        head = _read(file, position, RECORD_HEADER.size)
        if len(head) < RECORD_HEADER.size:
            self._log.add_damage(position, size - position, TRUNCATED)
            return size
        opcode, length = RECORD_HEADER.unpack(head)
        body_start = position + RECORD_HEADER.size
        end: int = body_start + length
        if (opcode == Opcode.DATA_END and length == 4) or (self._summary_start and position >= self._summary_start):
            return None
        if opcode != Opcode.CHUNK and length > MAX_MESSAGE_BYTES and end <= size:
            self._skip_large_record(opcode, position, length)
            return end
        try:
            if opcode == Opcode.CHUNK:
                fields = parse_chunk_header(_read(file, body_start, MAX_CHUNK_HEADER_BYTES), length)
                yield from self._chunk(file, body_start, fields, size)
                return min(end, size)
            yield from self._record_outside_chunk(opcode, _read_whole(file, body_start, length, size), position)
        except RecordError as error:
            return self._resynchronize(file, position, end, size, str(error))
        return end

    def _skip_large_record(self, opcode: int, position: int, length: int) -> None:
        """Log a record that is too large to read. An attachment is not needed."""
        if opcode != Opcode.ATTACHMENT:
            self._log.add_damage(
                position, length, f'a record of more than {MAX_MESSAGE_BYTES} bytes, which is not read'
            )

    def _record_outside_chunk(self, opcode: int, body: bytes, position: int) -> Iterator[RecoveredMessage]:
        """Yield the message of a record that is not a chunk. Store schemas, channels and custom data."""
        if opcode == Opcode.MESSAGE:
            yield from self._message(body, position, verified=False)
        elif opcode == Opcode.SCHEMA:
            self._add_schema(body, verified=False)
        elif opcode == Opcode.CHANNEL:
            self._add_channel(body, verified=False)
        elif opcode == Opcode.METADATA:
            fields = RecordFields(body)
            name, string_map = fields.text(), fields.string_map()
            fields.expect_end()
            if name == CUSTOM_RECORD:
                self._log.custom.update(string_map)
        else:
            validate_record(opcode, body)

    def _chunk(self, file: BinaryIO, body_start: int, fields: ChunkHeader, size: int) -> Iterator[RecoveredMessage]:
        start = body_start + fields.start
        if max(fields.uncompressed_bytes, fields.compressed_bytes) > MAX_CHUNK_BYTES:
            self._log.add_damage(
                start, fields.compressed_bytes, f'a chunk of more than {MAX_CHUNK_BYTES} bytes, which is not read'
            )
            return
        stored = _read(file, start, fields.compressed_bytes)
        is_truncated = len(stored) < fields.compressed_bytes
        try:
            records = decompress_chunk(fields.codec, stored, fields.uncompressed_bytes)
        except DECOMPRESSION_ERRORS:
            self._log.add_damage(start, len(stored), 'a chunk with damaged compression')
            return
        if not is_truncated and (
            len(records) != fields.uncompressed_bytes or (fields.crc and zlib.crc32(records) != fields.crc)
        ):
            self._log.add_damage(start, len(stored), 'a chunk with a wrong checksum')
            return
        verified = bool(fields.crc) and not is_truncated
        used = 0
        for record in iter_complete_records(records):
            used = record.end
            if record.opcode == Opcode.MESSAGE:
                yield from self._message(record.body, start, verified=verified)
            elif record.opcode == Opcode.SCHEMA:
                self._add_schema(record.body, verified=verified)
            elif record.opcode == Opcode.CHANNEL:
                self._add_channel(record.body, verified=verified)
        if is_truncated or used != len(records):
            self._log.add_damage(
                min(start + used, size), len(records) - used, TRUNCATED if is_truncated else 'a broken chunk'
            )

    def _message(self, body: bytes, position: int, *, verified: bool) -> Iterator[RecoveredMessage]:
        if len(body) < MESSAGE_FIELDS.size:
            msg = 'a message that is too short'
            raise RecordError(msg)
        channel, _, time_ns, _ = MESSAGE_FIELDS.unpack_from(body)
        if channel not in self._topics:
            self._use_unverified_summary()
        topic = self._topics.get(channel)
        if topic is None:
            self._count_unusable('of a channel that is unknown or not CDR', position, len(body))
            return
        try:
            data = decompress_message(body[MESSAGE_FIELDS.size :])
        except DECOMPRESSION_ERRORS:
            self._count_unusable('with damaged compression', position, len(body))
            return
        if time_ns >= 2**63:
            self._count_unusable('with an invalid time', position, len(body))
            return
        self._log.kept += 1
        # An intact message of a channel or schema that is not verified counts as unverified.
        self._log.unverified += not (verified and (Opcode.CHANNEL, channel) in self._verified)
        yield RecoveredMessage(topic, time_ns, data)

    def _count_unusable(self, reason: str, position: int, lost_bytes: int) -> None:
        offset, count, lost = self._unusable.get(reason, (position, 0, 0))
        self._unusable[reason] = (offset, count + 1, lost + lost_bytes)

    def _resynchronize(self, file: BinaryIO, position: int, end: int, size: int, reason: str) -> int:
        """Log a broken record. Return where to continue: at its end, at the next chunk, or at the end of the file."""
        following = end if _is_record(file, end, size) else _next_chunk(file, position + 1, size)
        self._log.add_damage(position, following - position, reason)
        return following

    def _read_summary(self, file: BinaryIO, size: int) -> None:
        """Read schemas, channels and the message count from the summary, if its checksum is correct."""
        footer = _read(file, max(0, size - FOOTER_BYTES), FOOTER_BYTES)
        if len(footer) < FOOTER_BYTES or not footer.endswith(MCAP0_MAGIC):
            return
        opcode, _, start, _ = FOOTER_START.unpack_from(footer)
        self._has_end = opcode == Opcode.FOOTER and start == 0  # a complete file without a summary
        if opcode != Opcode.FOOTER or not 0 < start < size - FOOTER_BYTES:
            return
        covered_bytes = size - len(MCAP0_MAGIC) - FOOTER_CHECKSUM_BYTES - start
        if covered_bytes > MAX_SUMMARY_BYTES:
            self._log.add_damage(start, 0, f'the index states a size of {covered_bytes} bytes')
            return
        covered = _read(file, start, covered_bytes)
        crc = int.from_bytes(footer[FOOTER_START.size : FOOTER_START.size + FOOTER_CHECKSUM_BYTES], 'little')
        if crc not in {0, zlib.crc32(covered)}:
            return
        self._has_end = True
        # Without a checksum, the place of the summary may be wrong. A correct summary follows the end of the data.
        if crc or _read(file, start - len(DATA_END_HEAD) - DATA_END_BYTES, len(DATA_END_HEAD)) == DATA_END_HEAD:
            self._summary_start = start
        records = list(iter_complete_records(covered[: -FOOTER_START.size]))
        if not crc:
            self._unverified_summary = [item for item in records if item.opcode in {Opcode.SCHEMA, Opcode.CHANNEL}]
        for record in records:
            self._read_summary_record(record, start, size, verified=crc != 0)

    def _read_summary_record(self, record: RawMcapRecord, start: int, size: int, *, verified: bool) -> None:
        """Read one record of the summary that starts at `start`. A damaged record is logged and left out."""
        try:
            if record.opcode == Opcode.SCHEMA and verified:
                self._add_schema(record.body, verified=True)
            elif record.opcode == Opcode.CHANNEL and verified:
                self._add_channel(record.body, verified=True)
            elif record.opcode == Opcode.STATISTICS:
                stated = RecordFields(record.body).number(8)
                # In an index without a checksum the number may be damaged. Each message takes at least its header.
                if verified or stated * MESSAGE_FIELDS.size <= MAX_COMPRESSION_RATIO * size:
                    self._log.expected_messages = stated
        except RecordError as error:
            self._log.add_damage(start, 0, f'the index is damaged ({error})')

    def _use_unverified_summary(self) -> None:
        """Read schemas and channels of a summary without a checksum. Damaged records are left out."""
        records, self._unverified_summary = self._unverified_summary, []
        for record in records:
            with suppress(RecordError):
                if record.opcode == Opcode.SCHEMA:
                    self._add_schema(record.body, verified=False)
                else:
                    self._add_channel(record.body, verified=False)

    def _add_schema(self, body: bytes, *, verified: bool) -> None:
        fields = RecordFields(body)
        number, name, encoding = fields.number(2), fields.text(), fields.text()
        definition = fields.text()
        fields.expect_end()
        if number not in self._schemas or (verified and (Opcode.SCHEMA, number) not in self._verified):
            self._schemas[number] = (name, definition if encoding else '')
            self._verified |= {(Opcode.SCHEMA, number)} if verified else set()

    def _add_channel(self, body: bytes, *, verified: bool) -> None:
        fields = RecordFields(body)
        number, schema, name, encoding = fields.number(2), fields.number(2), fields.text(), fields.text()
        metadata = fields.string_map()
        fields.expect_end()
        verified = verified and (Opcode.SCHEMA, schema) in self._verified
        better = number not in self._topics or (verified and (Opcode.CHANNEL, number) not in self._verified)
        if encoding == 'cdr' and schema in self._schemas and better:
            self._verified |= {(Opcode.CHANNEL, number)} if verified else set()
            kind, definition = self._schemas[schema]
            profiles = lenient_qos_text(metadata.get('offered_qos_profiles', ''))
            replaced = self._topics.get(number)
            self._topics[number] = BagTopic(name, kind, 0, profiles, definition)
            others = [topic for topic in self._log.topics if topic != replaced]
            self._log.topics[:] = [*others, self._topics[number]]


def _read(file: BinaryIO, position: int, size: int) -> bytes:
    """Read bytes at a position, at most up to the end of the file. A wrong size allocates no memory."""
    file.seek(0, 2)
    size = min(size, max(0, file.tell() - position))
    file.seek(position if size else 0)
    return file.read(size)


def _read_whole(file: BinaryIO, position: int, length: int, size: int) -> bytes:
    """Read the body of a record. Raise RecordError if the file ends inside."""
    if position + length > size:
        raise RecordError(TRUNCATED)
    return _read(file, position, length)


def _is_record(file: BinaryIO, position: int, size: int) -> bool:
    head = _read(file, position, RECORD_HEADER.size)
    if len(head) < RECORD_HEADER.size:
        return False
    opcode, length = RECORD_HEADER.unpack(head)
    return opcode in DATA_OPCODES and position + RECORD_HEADER.size + length <= size


def _next_chunk(file: BinaryIO, position: int, size: int) -> int:
    """Return the position of the next chunk with consistent fields, or the size of the file."""
    while position < size:
        window = _read(file, position, WINDOW_BYTES + MAX_CHUNK_HEADER_BYTES)
        for found in CHUNK_PATTERN.finditer(window):
            start = found.start()
            _, length = RECORD_HEADER.unpack_from(window, start)
            try:
                parse_chunk_header(
                    window[start + RECORD_HEADER.size : start + RECORD_HEADER.size + MAX_CHUNK_HEADER_BYTES], length
                )
            except RecordError:
                continue
            return position + start
        position += WINDOW_BYTES
    return size
