# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Reader of one storage file of a bag (mcap, sqlite3): reads with rosbags and validates completeness."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import final

import apsw
from mcap.reader import make_reader
from rosbags.interfaces import Connection, ConnectionExtRosbag2
from rosbags.rosbag2 import Reader, storage_mcap, storage_sqlite3
from rosbags.rosbag2.storage_sqlite3 import Sqlite3Reader

from audio_manifold_ros.bags.storage.bag_folder import COMPRESSED
from audio_manifold_ros.bags.storage.bag_message import BagMessage, BagTopic
from audio_manifold_ros.bags.storage.bag_writer import CUSTOM_RECORD
from audio_manifold_ros.bags.storage.decompression import (
    decompress_chunk,
    decompress_message,
    decompressed_pieces,
)
from audio_manifold_ros.bags.storage.file_validation import REMEDY, VALIDATORS, validate_chunks
from audio_manifold_ros.bags.storage.foreign_mcap import (
    CDR,
    OTHERS,
    ROS2_PROFILE,
    ForeignMcap,
    open_foreign_mcap,
    read_profile,
)
from audio_manifold_ros.bags.storage.limits import (
    MAX_MESSAGE_BYTES,
    check_regular_file,
    check_time_ns,
    max_decompressed_bytes,
)
from audio_manifold_ros.bags.storage.qos_profiles import parse_qos_profiles, qos_text
from audio_manifold_ros.common.errors import BagError

# rosbags decompresses a chunk without a limit. These functions stop at the size that the chunk states.
storage_mcap.DECOMPRESSORS.update(
    {codec: partial(decompress_chunk, codec) for codec in storage_mcap.DECOMPRESSORS if codec in {'zstd', 'lz4'}}
)
# rosbags parses QoS profiles with a YAML library without limits.
vars(storage_mcap)['parse_qos'] = vars(storage_sqlite3)['parse_qos'] = parse_qos_profiles


@final
class BagFile:
    """An open storage file.

    Attributes:
        path: The file.
        topics: Topics of the file.
        start_ns: Time of its earliest message, None without messages.
        end_ns: One past the time of its latest message.
        problems: Problems that do not prevent reading.

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
        self._foreign: ForeignMcap | None = None
        self.problems: tuple[str, ...] = ()
        try:
            with as_bag_error(path):
                check_regular_file(path)
                storage_path = self._decompressed()
                VALIDATORS[storage_path.suffix](storage_path)
                self._open_storage(storage_path)
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
        selected = {topic.name: 0 for topic in self.topics if topics is None or topic.name in topics}
        if not selected:
            return
        read = 0
        with as_bag_error(self.path):
            for topic, kind, time_ns, data, definition in self._stored_messages(topics, start_ns, stop_ns):
                read += 1
                if len(data) > MAX_MESSAGE_BYTES:
                    msg = f'{self.path}: {topic!r} has a message of {len(data)} bytes of at most {MAX_MESSAGE_BYTES}.'
                    raise BagError(msg)
                check_time_ns(self.path, time_ns)
                yield BagMessage(topic, kind, time_ns, decompress_message(bytes(data)), definition)
        expected = sum(topic.count for topic in self.topics if topic.name in selected)
        if start_ns is None and stop_ns is None and read != expected:
            msg = f'{self.path}: contains {read} of {expected} messages: {REMEDY}'
            raise BagError(msg)

    def close(self) -> None:
        """Close the file. A second call does nothing."""
        reader, self._reader = self._reader, None
        if reader is not None and reader.is_open:
            with suppress(OSError):
                reader.close()
        self._foreign = None
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
        limit = max_decompressed_bytes(self.path.stat().st_size, storage_path.parent)
        size = 0
        with self.path.open('rb') as packed, storage_path.open('wb') as unpacked:
            for piece in decompressed_pieces(packed):
                size += len(piece)
                if size > limit:
                    msg = f'{self.path}: exceeds {limit} bytes decompressed: free disk space, or decompress it first.'
                    raise BagError(msg)
                unpacked.write(piece)
        return storage_path

    def _open_storage(self, path: Path) -> None:
        """Open with rosbags. An intact mcap file of another program is opened with the package mcap."""
        profile = read_profile(path) if path.suffix == '.mcap' else ROS2_PROFILE
        if profile != ROS2_PROFILE:
            self._foreign = open_foreign_mcap(path, profile)
        if self._foreign is None:
            reader = Reader(path)
            try:
                reader.open()
            except KeyError:
                # The encoding of a schema is unknown to rosbags.
                self._foreign = open_foreign_mcap(path, profile)
                if self._foreign is None:
                    raise
            else:
                self._reader = reader
                if path.suffix == '.mcap':
                    validate_chunks(path, reader)
                _limit_values(reader)
                self._read_description(reader)
        if self._foreign is not None:
            self.topics, self.problems = self._foreign.topics, self._foreign.problems
            self.start_ns, self.end_ns = self._foreign.start_ns, self._foreign.end_ns
        for time_ns in (self.start_ns, self.end_ns):
            if time_ns is not None:
                check_time_ns(self.path, time_ns - 1)

    def _stored_messages(
        self, topics: Collection[str] | None, start_ns: int | None, stop_ns: int | None
    ) -> Iterator[tuple[str, str, int, bytes, str]]:
        """Yield topic, type, time, data and definition of messages as they are stored."""
        if self._foreign is not None:
            for topic, time_ns, data in self._foreign.messages(topics, start_ns, stop_ns):
                yield topic.name, topic.type, time_ns, data, topic.definition
            return
        reader = self._reader
        if reader is None:
            msg = f'{self.path}: is closed: open it again.'
            raise BagError(msg)
        selected = [item for item in reader.connections if _is_cdr(item) and (topics is None or item.topic in topics)]
        for connection, time_ns, data in reader.messages(selected, start_ns, stop_ns):
            yield connection.topic, connection.msgtype, time_ns, data, connection.msgdef.data

    def _read_description(self, reader: Reader) -> None:
        self.topics = tuple(_topic(connection) for connection in reader.connections if _is_cdr(connection))
        others = sorted({repr(item.topic) for item in reader.connections if not _is_cdr(item)})
        if others:
            self.problems = (f'{self.path.name}: {OTHERS}: {", ".join(others)}',)
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


def _is_cdr(connection: Connection) -> bool:
    return not isinstance(connection.ext, ConnectionExtRosbag2) or connection.ext.serialization_format == CDR


def _limit_values(reader: Reader) -> None:
    """Let SQLite refuse values that are longer than a message may be, before it reads them."""
    storage = reader.storage
    if isinstance(storage, Sqlite3Reader) and storage.dbconn is not None:
        storage.dbconn.limit(apsw.SQLITE_LIMIT_LENGTH, MAX_MESSAGE_BYTES)


def _topic(connection: Connection) -> BagTopic:
    ext = connection.ext
    profiles = qos_text(ext.offered_qos_profiles) if isinstance(ext, ConnectionExtRosbag2) else ''
    return BagTopic(connection.topic, connection.msgtype, connection.msgcount, profiles, connection.msgdef.data)
