# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Every whole message of a damaged mcap file, before the damage and behind it.

A chunk whose checksum fails is left out whole, because nobody can say which of its messages is damaged. Where the
chain of records is broken, the next chunk is searched for: its checksum proves that it is one. The cut chunk at the end
of a killed recording gives the messages that lie whole before the cut.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import BinaryIO, final

from audio_manifold_ros.bags.recovery.mcap_records import (
    CHANNEL,
    CHUNK,
    CHUNK_START,
    DATA_END,
    DATA_OPCODES,
    FOOTER,
    HEAD,
    MESSAGE,
    MESSAGE_FIELDS,
    METADATA,
    SCHEMA,
    STATISTICS,
    ChunkFields,
    Fields,
    RecordError,
    check_record,
    chunk_fields,
    whole_records,
)
from audio_manifold_ros.bags.recovery.recovery_log import Account, SavedMessage
from audio_manifold_ros.bags.storage.bag_message import BagTopic
from audio_manifold_ros.bags.storage.bag_writer import CUSTOM_RECORD
from audio_manifold_ros.bags.storage.decompression import PACKING_ERRORS, plain_message, plain_records
from audio_manifold_ros.bags.storage.mcap_file_writer import FOOTER_START, MAGIC
from audio_manifold_ros.bags.storage.qos_profiles import lenient_qos_text

FOOTER_BYTES = FOOTER_START.size + 4 + len(MAGIC)
WINDOW_BYTES = 16 * 2**20
# Opcode, length below 4 GiB, times, size, crc, compression.
CHUNK_LIKE = re.compile(rb'\x06.{4}\x00{4}.{28}(?:\x00{4}|\x03\x00{3}lz4|\x04\x00{3}zstd)', re.DOTALL)
CUT = 'the file is cut'


@final
class McapSalvage:
    """One damaged file. Iterate it once; then the account is complete."""

    def __init__(self, path: Path, account: Account) -> None:
        """Prepare to read a file; it is only ever opened for reading.

        Args:
            path: The file.
            account: Where to note what was kept and what was lost.

        """
        self._path = path
        self._account = account
        self._schemas: dict[int, tuple[str, str]] = {}
        self._topics: dict[int, BagTopic] = {}
        self._vouched: set[tuple[int, int]] = set()
        self._summary_start = 0
        self._has_end = False
        self._unusable: dict[str, tuple[int, int, int]] = {}

    def __iter__(self) -> Iterator[SavedMessage]:
        """Return every whole message, in the order of the file.

        Raises:
            OSError: The disk fails.

        """
        size = self._path.stat().st_size
        with self._path.open('rb') as file:
            if file.read(len(MAGIC)) != MAGIC:
                self._account.lose(0, 0, 'a file that does not begin as mcap does')
            self._read_summary(file, size)
            place: int | None = len(MAGIC)
            while place is not None and place < size:
                place = yield from self._record(file, place, size)
            if not self._has_end:
                self._account.lose(size, 0, 'a file without a whole end: its writer was killed, or it is cut')
        for reason, (offset, count, lost) in self._unusable.items():
            self._account.lose(offset, lost, f'{count} messages {reason}')

    def _record(self, file: BinaryIO, place: int, size: int) -> Generator[SavedMessage, None, int | None]:
        """Yield the messages of the record at a place; return the place of the next, None at the end of the data."""
        head = _read(file, place, HEAD.size)
        if len(head) < HEAD.size:
            self._account.lose(place, size - place, CUT)
            return size
        opcode, length = HEAD.unpack(head)
        body_start = place + HEAD.size
        end: int = body_start + length
        if (opcode == DATA_END and length == 4) or (self._summary_start and place >= self._summary_start):
            return None
        if opcode != CHUNK and end > size:
            return self._after_damage(file, place, end, size, CUT)
        try:
            if opcode == CHUNK:
                fields = chunk_fields(_read(file, body_start, CHUNK_START), length)
                yield from self._chunk(file, body_start, fields, size)
                return min(end, size)
            yield from self._plain(opcode, _read(file, body_start, length), place)
        except RecordError as error:
            return self._after_damage(file, place, end, size, str(error))
        return end

    def _plain(self, opcode: int, body: bytes, place: int) -> Iterator[SavedMessage]:
        """Yield the message of a record that is none but a chunk; note schemas, channels and custom data."""
        if opcode == MESSAGE:
            yield from self._message(body, place, verified=False)
        elif opcode == SCHEMA:
            self._add_schema(body, verified=False)
        elif opcode == CHANNEL:
            self._add_channel(body, verified=False)
        elif opcode == METADATA:
            fields = Fields(body)
            name, texts = fields.text(), fields.texts()
            fields.finish()
            if name == CUSTOM_RECORD:
                self._account.custom.update(texts)
        else:
            check_record(opcode, body)

    def _chunk(self, file: BinaryIO, body_start: int, fields: ChunkFields, size: int) -> Iterator[SavedMessage]:
        start = body_start + fields.start
        stored = _read(file, start, fields.stored_bytes)
        is_cut = len(stored) < fields.stored_bytes
        try:
            records = plain_records(fields.codec, stored)
        except PACKING_ERRORS:
            self._account.lose(start, len(stored), 'a chunk whose compression is damaged')
            return
        if not is_cut and (len(records) != fields.plain_bytes or (fields.crc and zlib.crc32(records) != fields.crc)):
            self._account.lose(start, len(stored), 'a chunk whose checksum fails')
            return
        verified = bool(fields.crc) and not is_cut
        used = 0
        for record in whole_records(records):
            used = record.end
            if record.opcode == MESSAGE:
                yield from self._message(record.body, start, verified=verified)
            elif record.opcode == SCHEMA:
                self._add_schema(record.body, verified=verified)
            elif record.opcode == CHANNEL:
                self._add_channel(record.body, verified=verified)
        if is_cut or used != len(records):
            self._account.lose(min(start + used, size), len(records) - used, CUT if is_cut else 'a broken chunk')

    def _message(self, body: bytes, place: int, *, verified: bool) -> Iterator[SavedMessage]:
        if len(body) < MESSAGE_FIELDS.size:
            msg = 'a message without its fields'
            raise RecordError(msg)
        channel, _, time_ns, _ = MESSAGE_FIELDS.unpack_from(body)
        topic = self._topics.get(channel)
        if topic is None:
            self._refuse('of a channel that is unknown or not CDR', place, len(body))
            return
        try:
            data = plain_message(body[MESSAGE_FIELDS.size :])
        except PACKING_ERRORS:
            self._refuse('whose compression is damaged', place, len(body))
            return
        if time_ns >= 2**63:
            self._refuse('with an impossible time', place, len(body))
            return
        self._account.kept += 1
        # A sound message under a damaged name or definition is no better than a damaged one.
        self._account.unverified += not (verified and (CHANNEL, channel) in self._vouched)
        yield SavedMessage(topic, time_ns, data)

    def _refuse(self, reason: str, place: int, lost_bytes: int) -> None:
        offset, count, lost = self._unusable.get(reason, (place, 0, 0))
        self._unusable[reason] = (offset, count + 1, lost + lost_bytes)

    def _after_damage(self, file: BinaryIO, place: int, end: int, size: int, reason: str) -> int:
        """Note a broken record; return where to go on: behind it, at the next chunk, or at the end of the file."""
        following = end if _is_record(file, end, size) else _next_chunk(file, place + 1, size)
        self._account.lose(place, following - place, reason)
        return following

    def _read_summary(self, file: BinaryIO, size: int) -> None:
        """Take schemas, channels and the count of messages from the end of the file, if its checksum vouches for it."""
        footer = _read(file, max(0, size - FOOTER_BYTES), FOOTER_BYTES)
        if len(footer) < FOOTER_BYTES or not footer.endswith(MAGIC):
            return
        opcode, _, start, _ = FOOTER_START.unpack_from(footer)
        self._has_end = opcode == FOOTER and start == 0  # a file without an index
        if opcode != FOOTER or not 0 < start < size - FOOTER_BYTES:
            return
        covered = _read(file, start, size - len(MAGIC) - 4 - start)
        crc = int.from_bytes(footer[FOOTER_START.size : FOOTER_START.size + 4], 'little')
        if crc not in {0, zlib.crc32(covered)}:
            return
        self._has_end = True
        self._summary_start = start
        for record in whole_records(covered[: -FOOTER_START.size]):
            if record.opcode == SCHEMA:
                self._add_schema(record.body, verified=crc != 0)
            elif record.opcode == CHANNEL:
                self._add_channel(record.body, verified=crc != 0)
            elif record.opcode == STATISTICS:
                self._account.promised = Fields(record.body).number(8)

    def _add_schema(self, body: bytes, *, verified: bool) -> None:
        fields = Fields(body)
        number, name, encoding = fields.number(2), fields.text(), fields.text()
        definition = fields.text()
        fields.finish()
        if number not in self._schemas or (verified and (SCHEMA, number) not in self._vouched):
            self._schemas[number] = (name, definition if encoding else '')
            self._vouched |= {(SCHEMA, number)} if verified else set()

    def _add_channel(self, body: bytes, *, verified: bool) -> None:
        fields = Fields(body)
        number, schema, name, encoding = fields.number(2), fields.number(2), fields.text(), fields.text()
        metadata = fields.texts()
        fields.finish()
        verified = verified and (SCHEMA, schema) in self._vouched
        better = number not in self._topics or (verified and (CHANNEL, number) not in self._vouched)
        if encoding == 'cdr' and schema in self._schemas and better:
            self._vouched |= {(CHANNEL, number)} if verified else set()
            kind, definition = self._schemas[schema]
            profiles = lenient_qos_text(metadata.get('offered_qos_profiles', ''))
            replaced = self._topics.get(number)
            self._topics[number] = BagTopic(name, kind, 0, profiles, definition)
            others = [topic for topic in self._account.topics if topic != replaced]
            self._account.topics[:] = [*others, self._topics[number]]


def _read(file: BinaryIO, place: int, size: int) -> bytes:
    """Return what lies at a place, less where the file ends before; a size that is wrong allocates nothing."""
    file.seek(0, 2)
    size = min(size, max(0, file.tell() - place))
    file.seek(place if size else 0)
    return file.read(size)


def _is_record(file: BinaryIO, place: int, size: int) -> bool:
    head = _read(file, place, HEAD.size)
    if len(head) < HEAD.size:
        return False
    opcode, length = HEAD.unpack(head)
    return opcode in DATA_OPCODES and place + HEAD.size + length <= size


def _next_chunk(file: BinaryIO, place: int, size: int) -> int:
    """Return where the next chunk begins whose fields agree with each other; the size of the file without one."""
    while place < size:
        window = _read(file, place, WINDOW_BYTES + CHUNK_START)
        for found in CHUNK_LIKE.finditer(window):
            start = found.start()
            _, length = HEAD.unpack_from(window, start)
            try:
                chunk_fields(window[start + HEAD.size : start + HEAD.size + CHUNK_START], length)
            except RecordError:
                continue
            return place + start
        place += WINDOW_BYTES
    return size
