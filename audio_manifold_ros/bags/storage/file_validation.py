# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Validation of storage files before they are read: framing, index, sizes and schema."""

from __future__ import annotations

import sqlite3
import struct
import zlib
from contextlib import closing
from pathlib import Path

from mcap.opcode import Opcode
from mcap.writer import MCAP0_MAGIC
from rosbags.rosbag2 import Reader
from rosbags.rosbag2.storage_mcap import McapReader

from audio_manifold_ros.bags.storage.decompression import PIECE_BYTES
from audio_manifold_ros.bags.storage.foreign_mcap import ForeignBagError
from audio_manifold_ros.bags.storage.limits import MAX_CHUNK_BYTES
from audio_manifold_ros.bags.storage.mcap_file_writer import FOOTER_START
from audio_manifold_ros.bags.storage.sqlite_schema import unsafe_schema
from audio_manifold_ros.common.errors import BagError

FOOTER_BYTES = FOOTER_START.size + 4 + len(MCAP0_MAGIC)
RECORD_HEADER = struct.Struct('<BQ')
JOURNALS = ('-wal', '-journal')
REMEDY = 'recover_bag saves the intact messages of a truncated or damaged file.'


def validate_framing(path: Path) -> None:
    """Reject an mcap file without an end, with a damaged index, or with records that do not follow each other.

    Raises:
        BagError: The file is truncated or damaged.

    """
    with path.open('rb') as file:
        size = file.seek(0, 2)
        if size < FOOTER_BYTES:
            msg = f'{path}: has {size} bytes, too few for a bag: {REMEDY}'
            raise BagError(msg)
        file.seek(size - FOOTER_BYTES)
        footer = file.read()
        if footer[-len(MCAP0_MAGIC) :] != MCAP0_MAGIC:
            msg = f'{path}: has no end, because its recorder was killed or the file was truncated: {REMEDY}'
            raise BagError(msg)
        _, _, summary_start, _ = FOOTER_START.unpack_from(footer)
        crc = int.from_bytes(footer[FOOTER_START.size : FOOTER_START.size + 4], 'little')
        if summary_start == 0:
            _scan_records(path, len(MCAP0_MAGIC), size - FOOTER_BYTES)
        elif crc:
            file.seek(min(summary_start, size))
            found = 0
            remaining = max(0, size - len(MCAP0_MAGIC) - 4 - summary_start)
            while piece := file.read(min(remaining, PIECE_BYTES)):
                found = zlib.crc32(piece, found)
                remaining -= len(piece)
            if found != crc:
                msg = f'{path}: its index does not match its checksum: {REMEDY}'
                raise BagError(msg)


def _scan_records(path: Path, start: int, end: int) -> set[int]:
    """Validate that the records follow each other without a gap, and return their opcodes.

    A reader that skips over a gap would lose messages without an error.
    """
    opcodes = set()
    with path.open('rb') as file:
        offset = start
        while offset < end:
            file.seek(offset)
            opcode, length = RECORD_HEADER.unpack(file.read(RECORD_HEADER.size))
            opcodes.add(opcode)
            if opcode == 0 or (opcode in {Opcode.MESSAGE, Opcode.CHUNK} and length > MAX_CHUNK_BYTES):
                msg = f'{path}: has a record of type {opcode} with {length} bytes at byte {offset}: {REMEDY}'
                raise BagError(msg)
            offset += RECORD_HEADER.size + length
        if offset != end:
            msg = f'{path}: its records end at byte {offset} instead of {end}: {REMEDY}'
            raise BagError(msg)
    return opcodes


def validate_database(path: Path) -> None:
    """Reject a database that runs queries when it is read, or that has an unfinished transaction.

    Raises:
        BagError: The file is rejected.

    """
    _validate_no_journal(path)
    with closing(sqlite3.connect(f'{path.absolute().as_uri()}?immutable=1', uri=True)) as database:
        unsafe = unsafe_schema(database)
    if unsafe:
        msg = f'{path}: is {unsafe}: rosbag2 writes plain tables only. Export the messages into a new bag.'
        raise ForeignBagError(msg)


def _validate_no_journal(path: Path) -> None:
    """Reject a database with transactions in a journal file, which the reader would ignore."""
    for suffix in JOURNALS:
        journal = path.with_name(path.name + suffix)
        if journal.exists() and journal.stat().st_size:
            msg = f'{path}: {journal.name} has data that are not in the database, or its recorder is running: {REMEDY}'
            raise BagError(msg)


def validate_chunks(path: Path, reader: Reader) -> None:
    """Reject an mcap file with chunks or messages that are too large, or with messages that are not in its index.

    Raises:
        BagError: The file is rejected.

    """
    storage = reader.storage
    chunks = storage.chunks if isinstance(storage, McapReader) else []
    sizes = [max(chunk.uncompressed_size, chunk.compressed_size) for chunk in chunks]
    if max(sizes, default=0) > MAX_CHUNK_BYTES:
        msg = f'{path}: has a chunk of {max(sizes)} bytes, at most {MAX_CHUNK_BYTES} are read: record smaller chunks.'
        raise BagError(msg)
    if chunks and reader.message_count:
        return
    opcodes = _scan_records(path, len(MCAP0_MAGIC), path.stat().st_size - FOOTER_BYTES)
    if not reader.message_count and opcodes & {Opcode.MESSAGE, Opcode.CHUNK}:
        msg = f'{path}: contains messages that are not in its index: recover_bag adds them.'
        raise BagError(msg)


VALIDATORS = {'.mcap': validate_framing, '.db3': validate_database}
