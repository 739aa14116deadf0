# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Reader of one storage file of a bag (mcap, sqlite3): reads with rosbags and validates completeness."""

from __future__ import annotations

import struct
import tempfile
import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import final

import zstandard
from mcap.opcode import Opcode
from mcap.reader import make_reader
from mcap.writer import MCAP0_MAGIC
from rosbags.interfaces import Connection, ConnectionExtRosbag2
from rosbags.rosbag2 import Reader

from audio_manifold_ros.bags.storage.bag_folder import COMPRESSED
from audio_manifold_ros.bags.storage.bag_message import BagMessage, BagTopic
from audio_manifold_ros.bags.storage.bag_writer import CUSTOM_RECORD
from audio_manifold_ros.bags.storage.decompression import decompress_message
from audio_manifold_ros.bags.storage.mcap_file_writer import FOOTER_START
from audio_manifold_ros.bags.storage.qos_profiles import qos_text
from audio_manifold_ros.common.errors import BagError

FOOTER_BYTES = FOOTER_START.size + 4 + len(MCAP0_MAGIC)
RECORD_HEADER = struct.Struct('<BQ')
JOURNALS = ('-wal', '-journal')
REMEDY = 'recover_bag saves the intact messages of a truncated or damaged file.'


@final
class BagFile:
    """An open storage file.

    Attributes:
        path: The file.
        topics: Topics of the file.
        start_ns: Time of its earliest message, None without messages.
        end_ns: One past the time of its latest message.

    """

    def __init__(self, path: Path) -> None:
        """Open a file and validate its index.

        Args:
            path: A `.mcap` or `.db3` file, or such a file with the suffix `.zstd`.

        Raises:
            BagError: The file is empty, truncated, damaged or of another format.

        """
        self.path = path
        self._scratch: tempfile.TemporaryDirectory[str] | None = None
        self._reader: Reader | None = None
        try:
            with as_bag_error(path):
                storage_path = self._decompressed()
                VALIDATORS[storage_path.suffix](storage_path)
                self._reader = Reader(storage_path)
                self._reader.open()
                if storage_path.suffix == '.mcap' and not self._reader.message_count:
                    _validate_no_unindexed_messages(storage_path)
                self._read_description(self._reader)
        except BagError:
            self.close()
            raise
        self._storage_path = storage_path

    def custom(self) -> dict[str, str]:
        """Return the custom data of a file written by `BagWriter`. Return an empty dictionary for other files.

        Raises:
            BagError: The file is damaged.

        """
        if self._storage_path.suffix != '.mcap':
            return {}
        with as_bag_error(self.path), self._storage_path.open('rb') as file:
            found = [record for record in make_reader(file).iter_metadata() if record.name == CUSTOM_RECORD]
        return dict(found[0].metadata) if found else {}

    def messages(
        self, topics: Collection[str] | None, start_ns: int | None, stop_ns: int | None
    ) -> Iterator[BagMessage]:
        """Return messages in order of time.

        Args:
            topics: Names of topics, None for all.
            start_ns: Earliest time, None for all.
            stop_ns: One past the latest time, None for all.

        Raises:
            BagError: The file is damaged, or it contains fewer messages than its index states.

        """
        reader = self._reader
        if reader is None:
            msg = f'{self.path}: is closed: open it again.'
            raise BagError(msg)
        selected = [item for item in reader.connections if topics is None or item.topic in topics]
        if not selected:
            return
        read = 0
        with as_bag_error(self.path):
            for connection, time_ns, data in reader.messages(selected, start_ns, stop_ns):
                read += 1
                cdr = decompress_message(bytes(data))
                yield BagMessage(connection.topic, connection.msgtype, time_ns, cdr, connection.msgdef.data)
        expected = sum(connection.msgcount for connection in selected)
        if start_ns is None and stop_ns is None and read != expected:
            msg = f'{self.path}: contains {read} of {expected} messages: {REMEDY}'
            raise BagError(msg)

    def close(self) -> None:
        """Close the file. A second call does nothing."""
        reader, self._reader = self._reader, None
        if reader is not None and reader.is_open:
            with suppress(OSError):
                reader.close()
        scratch, self._scratch = self._scratch, None
        if scratch is not None:
            scratch.cleanup()

    def _decompressed(self) -> Path:
        if self.path.stat().st_size == 0:
            msg = f'{self.path}: is empty: nothing was recorded. Delete it.'
            raise BagError(msg)
        if self.path.suffix != COMPRESSED:
            return self.path
        self._scratch = tempfile.TemporaryDirectory(prefix='audio_manifold_bag_')
        storage_path = Path(self._scratch.name) / self.path.stem
        with self.path.open('rb') as packed, storage_path.open('wb') as unpacked:
            zstandard.ZstdDecompressor().copy_stream(packed, unpacked)
        return storage_path

    def _read_description(self, reader: Reader) -> None:
        self.topics = tuple(_topic(connection) for connection in reader.connections)
        self.start_ns = reader.start_time if reader.message_count else None
        self.end_ns = reader.end_time if reader.message_count else 0


@contextmanager
def as_bag_error(path: Path) -> Iterator[None]:
    """Turn any error of rosbags or mcap on a damaged file into a BagError that names the file."""
    try:
        yield
    except BagError:
        raise
    except Exception as error:  # noqa: BLE001 - damaged bytes cause errors of many types
        msg = f'{path}: cannot be read ({error or type(error).__name__}): {REMEDY}'
        raise BagError(msg) from None


def _topic(connection: Connection) -> BagTopic:
    ext = connection.ext
    profiles = qos_text(ext.offered_qos_profiles) if isinstance(ext, ConnectionExtRosbag2) else ''
    return BagTopic(connection.topic, connection.msgtype, connection.msgcount, profiles, connection.msgdef.data)


def _validate_framing(path: Path) -> None:
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
            covered = file.read(max(0, size - len(MCAP0_MAGIC) - 4 - summary_start))
            if zlib.crc32(covered) != crc:
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
            offset += RECORD_HEADER.size + length
        if offset != end:
            msg = f'{path}: its records end at byte {offset} instead of {end}: {REMEDY}'
            raise BagError(msg)
    return opcodes


def _validate_no_unindexed_messages(path: Path) -> None:
    """Reject a file with messages whose index lists none."""
    if _scan_records(path, len(MCAP0_MAGIC), path.stat().st_size - FOOTER_BYTES) & {Opcode.MESSAGE, Opcode.CHUNK}:
        msg = f'{path}: contains messages that are not in its index: recover_bag adds them.'
        raise BagError(msg)


def _validate_no_journal(path: Path) -> None:
    """Reject a database with transactions in a journal file, which the reader would ignore."""
    for suffix in JOURNALS:
        journal = path.with_name(path.name + suffix)
        if journal.exists() and journal.stat().st_size:
            msg = f'{path}: {journal.name} has data that are not in the database, or its recorder is running: {REMEDY}'
            raise BagError(msg)


VALIDATORS = {'.mcap': _validate_framing, '.db3': _validate_no_journal}
