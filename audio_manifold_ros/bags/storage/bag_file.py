# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Reading one storage file (mcap, sqlite3) of a bag, whole or with an error: rosbags reads, this proves."""

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
from rosbags.interfaces import Connection, ConnectionExtRosbag2
from rosbags.rosbag2 import Reader

from audio_manifold_ros.bags.storage.bag_folder import COMPRESSED
from audio_manifold_ros.bags.storage.bag_message import BagMessage, BagTopic
from audio_manifold_ros.bags.storage.bag_writer import CUSTOM_RECORD
from audio_manifold_ros.bags.storage.decompression import decompress_message
from audio_manifold_ros.bags.storage.mcap_file_writer import FOOTER_START, MAGIC
from audio_manifold_ros.bags.storage.qos_profiles import qos_text
from audio_manifold_ros.common.errors import BagError

FOOTER_BYTES = FOOTER_START.size + 4 + len(MAGIC)
RECORD_HEADER = struct.Struct('<BQ')
JOURNALS = ('-wal', '-journal')
REMEDY = 'it may be cut or damaged; recover_bag keeps what is whole.'


@final
class BagFile:
    """One open storage file.

    Attributes:
        path: The file.
        topics: Its topics.
        start_ns: Time of its earliest message, None without messages.
        end_ns: One past the time of its latest message.

    """

    def __init__(self, path: Path) -> None:
        """Open a file and prove that its index is whole.

        Args:
            path: A `.mcap` or `.db3` file, or one of them with `.zstd` behind.

        Raises:
            BagError: It is empty, cut, damaged or foreign.

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
        """Return the custom data that a file of `BagWriter` holds, nothing for other files.

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
            BagError: The file is damaged where it is read, or holds fewer messages than its index says.

        """
        reader = self._reader
        if reader is None:
            msg = f'{self.path}: is closed: open it anew.'
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
            msg = f'{self.path}: holds {read} of {expected} messages: {REMEDY}'
            raise BagError(msg)

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        reader, self._reader = self._reader, None
        if reader is not None and reader.is_open:
            with suppress(OSError):
                reader.close()
        scratch, self._scratch = self._scratch, None
        if scratch is not None:
            scratch.cleanup()

    def _decompressed(self) -> Path:
        if self.path.stat().st_size == 0:
            msg = f'{self.path}: is empty: nothing was recorded into it, delete it.'
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
    """Turn whatever a damaged file makes the readers of rosbags and mcap raise into a BagError that names it."""
    try:
        yield
    except BagError:
        raise
    except Exception as error:  # noqa: BLE001 - struct, index, assertion, compression, memory: any byte may be wrong
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
        if footer[-len(MAGIC) :] != MAGIC:
            msg = f'{path}: has no end, its recorder was killed or the file was cut: recover_bag keeps what is whole.'
            raise BagError(msg)
        _, _, summary_start, _ = FOOTER_START.unpack_from(footer)
        crc = int.from_bytes(footer[FOOTER_START.size : FOOTER_START.size + 4], 'little')
        if summary_start == 0:
            _scan_records(path, len(MAGIC), size - FOOTER_BYTES)
        elif crc:
            file.seek(min(summary_start, size))
            covered = file.read(max(0, size - len(MAGIC) - 4 - summary_start))
            if zlib.crc32(covered) != crc:
                msg = f'{path}: its index does not fit its checksum: {REMEDY}'
                raise BagError(msg)


def _scan_records(path: Path, start: int, end: int) -> set[int]:
    """Prove that records lie end to end: readers that skip would lose in silence. Return the opcodes found."""
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
    """Refuse a file whose index names no messages though there are some."""
    if _scan_records(path, len(MAGIC), path.stat().st_size - FOOTER_BYTES) & {Opcode.MESSAGE, Opcode.CHUNK}:
        msg = f'{path}: holds messages that its index does not name: recover_bag indexes them.'
        raise BagError(msg)


def _validate_no_journal(path: Path) -> None:
    """Refuse a database whose last transactions lie in another file, where the reader would not see them."""
    for suffix in JOURNALS:
        journal = path.with_name(path.name + suffix)
        if journal.exists() and journal.stat().st_size:
            msg = f'{path}: {journal.name} holds what is not in it yet, its recorder was killed or runs: {REMEDY}'
            raise BagError(msg)


VALIDATORS = {'.mcap': _validate_framing, '.db3': _validate_no_journal}
