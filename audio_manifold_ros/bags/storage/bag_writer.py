# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Writer of rosbag2 bags (mcap, metadata version 8) that stay readable after a crash."""

from __future__ import annotations

import errno
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import final

import yaml

from audio_manifold_ros.bags.storage.bag_message import BagTopic
from audio_manifold_ros.bags.storage.bag_metadata import FILE_NAME, FileSpan, describe, write_metadata
from audio_manifold_ros.bags.storage.disk_space import DiskReserve, sync_all
from audio_manifold_ros.bags.storage.mcap_file_writer import PRIVATE_FILE_MODE, McapFileWriter
from audio_manifold_ros.bags.storage.message_types import IDL_MARK, definition_of
from audio_manifold_ros.bags.storage.qos_profiles import normal_qos_text
from audio_manifold_ros.common.errors import BagError
from audio_manifold_ros.common.units import NS_PER_S

CUSTOM_RECORD = 'audio_manifold_ros'  # custom data at the start of every file, so that they survive a crash
METADATA_RECORD = 'rosbag2'  # record that rosbag2 writes at the end of a file
CHUNK_BYTES = 4 * 2**20
PRIVATE_FOLDER_MODE = 0o700


@final
class BagWriter:
    """A bag that is being written. Thread-safe. As a context manager, it closes the bag, also after an exception.

    A background thread flushes to disk every `flush_s`, so a crash or a power failure loses at most the messages of
    that time and of one write. When the disk is full, a reserve file is deleted, and the bag is closed with all
    messages so far. The next call raises the error.

    Attributes:
        folder: Folder of the bag.
        failure: Error that closed the bag early, or None.

    """

    def __init__(
        self,
        folder: Path | str,
        custom: Mapping[str, str] | None = None,
        split_s: float | None = None,
        split_bytes: int | None = None,
        flush_s: float = 0.5,
        *,
        shared: bool = False,
    ) -> None:
        """Create the folder and its first file.

        Args:
            folder: Folder of the bag. It must be empty or must not exist.
            custom: Custom data, strings by name.
            split_s: Largest time span of a file, by the times of its messages. None for one file.
            split_bytes: Largest size of a file. None for one file.
            flush_s: Longest time that a message stays in memory.
            shared: Give folder and files the permissions of the umask. Otherwise only the user may read them.

        Raises:
            BagError: The folder is not empty or cannot be written, 16 MiB are not free, or a value is invalid.

        """
        self.folder = Path(folder)
        self.failure: BagError | None = None
        self._custom = dict(custom or {})
        self._split_ns = None if split_s is None else round(split_s * NS_PER_S)
        self._split_bytes = split_bytes
        self._flush_s = flush_s
        self._shared = shared
        self._check_arguments()
        self._lock = threading.RLock()
        self._topics: list[BagTopic] = []
        self._hashes: list[str] = []
        self._channels: dict[str, int] = {}
        self._files: list[FileSpan] = []
        self._file_sizes: dict[str, int] = {}
        self._counts: list[int] = []
        self._unsynced: list[int] = []
        self._closed = False
        self._reported = False
        self._lost = 0
        self._reserve = DiskReserve(self.folder)
        self._file_writer: McapFileWriter | None = None
        try:
            self._create_folder()
            self._begin_file()
        except OSError as error:
            self._reserve.release()
            msg = f'{self.folder}: cannot be written ({error.strerror}): give another folder, or free 16 MiB of disk.'
            raise BagError(msg) from None
        self._stop = threading.Event()
        self._flusher = threading.Thread(target=self._flush_forever, name='bag flush', daemon=True)
        self._flusher.start()

    @property
    def bytes_taken(self) -> int:
        """Size of all files and of the pending messages."""
        with self._lock:
            sizes = sum(_size(self.folder / span.name) for span in self._files)
            return sizes + (self._file_writer.bytes_taken if self._file_writer is not None else 0)

    def add_topic(self, name: str, msgtype: str, qos_profiles: str = '', definition: str | None = None) -> None:
        """Add a topic.

        Args:
            name: Name to record, for example `/audio`.
            msgtype: Message type, for example `sensor_msgs/msg/Image`.
            qos_profiles: Offered QoS: a YAML list of profiles as rosbag2 writes it, with numbers or with names.
            definition: Full text of the message definition. None takes that of the known types.

        Raises:
            BagError: The topic exists already, the QoS is invalid, or the writer is closed or has failed.

        """
        profiles = normal_qos_text(name, qos_profiles)
        default_definition, type_hash = definition_of(msgtype)
        text = default_definition if definition is None else definition
        with self._lock:
            file_writer = self._require_file_writer()
            if name in self._channels:
                msg = f'{self.folder}: topic {name!r} exists already: add each topic once.'
                raise BagError(msg)
            self._topics.append(BagTopic(name, msgtype, 0, profiles, text))
            self._hashes.append(type_hash if text == default_definition else '')
            self._counts.append(0)
            self._channels[name] = len(self._channels) + 1
            try:
                self._add_channel(file_writer, len(self._topics) - 1)
            except OSError as error:
                self._fail(error)
                self._raise_failure()

    def write(self, topic: str, data: bytes, time_ns: int) -> None:
        """Write a message.

        Args:
            topic: Name of a topic that was added.
            data: Serialised message (CDR with encapsulation).
            time_ns: Time of reception.

        Raises:
            BagError: The topic was not added, the time is invalid, or the writer is closed or has failed.

        """
        with self._lock:
            file_writer = self._require_file_writer()
            channel = self._channels.get(topic)
            if channel is None or not 0 <= time_ns < 2**63:
                msg = f'{self.folder}: {topic!r} at {time_ns!r} ns: add the topic first, and give a time >= 0.'
                raise BagError(msg)
            try:
                if self._is_full(file_writer, time_ns):
                    self._end_file(file_writer)
                    file_writer = self._begin_file()
                file_writer.write(channel, bytes(data), time_ns)
                if file_writer.pending_bytes >= CHUNK_BYTES:
                    file_writer.flush()
            except OSError as error:
                self._fail(error)
                self._raise_failure()

    def flush(self) -> None:
        """Wait until all messages so far are on the disk.

        Raises:
            BagError: The writer has failed.

        """
        with self._lock:
            file_writer = self._require_file_writer()
            try:
                file_writer.flush()
                waiting = [*self._unsynced, file_writer.duplicate()]
                self._unsynced.clear()
            except OSError as error:
                self._fail(error)
                self._raise_failure()
                return
        failed = sync_all(waiting)
        if failed is not None:
            with self._lock:
                self._fail(failed)
            self._raise_failure()

    def loss_reason(self) -> str:
        """Return why files of the bag are lost, for example because another program deleted them.

        Returns:
            A sentence, or an empty string while the bag is complete.

        """
        with self._lock:
            for name, size in self._file_sizes.items():
                found = _size(self.folder / name)
                if found < size:
                    return f'{self.folder / name}: was deleted or truncated by another program: start a new recording.'
            reason = '' if self._file_writer is None else self._file_writer.loss_reason()
            if self._file_writer is None or not reason:
                return ''
            return f'{self._file_writer.path}: {reason} by another program: start a new recording.'

    def close(self) -> None:
        """Finish the bag. A second call does nothing.

        Raises:
            BagError: The bag was closed early by an error that was not raised yet, or it cannot be finished.

        """
        with self._lock:
            if not self._closed:
                try:
                    self._finish()
                except OSError as error:
                    self._fail(error)
        self._stop.set()
        if threading.current_thread() is not self._flusher:
            self._flusher.join()
        if self.failure is not None and not self._reported:
            self._raise_failure()

    def __enter__(self) -> BagWriter:
        """Return the writer."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Finish the bag with all messages so far. An exception of the block is not replaced by one of closing."""
        if kind is None:
            self.close()
        else:
            with suppress(BagError):
                self.close()

    def _check_arguments(self) -> None:
        wrong = [key for key, value in self._custom.items() if not (isinstance(key, str) and isinstance(value, str))]
        limits = {'split_s': self._split_ns, 'split_bytes': self._split_bytes, 'flush_s': self._flush_s}
        wrong += [f'{name}={value!r}' for name, value in limits.items() if value is not None and value <= 0]
        if wrong:
            msg = f'{self.folder}: {", ".join(map(str, wrong))}: give strings as custom data and limits above zero.'
            raise BagError(msg)

    def _create_folder(self) -> None:
        is_new = not self.folder.exists()
        self.folder.mkdir(parents=True, exist_ok=True)
        if is_new and not self._shared:
            self.folder.chmod(PRIVATE_FOLDER_MODE)
        if any(self.folder.iterdir()):
            msg = f'{self.folder}: is not empty: give a new folder.'
            raise BagError(msg)
        self._reserve.claim()

    def _require_file_writer(self) -> McapFileWriter:
        if self.failure is not None:
            self._raise_failure()
        if self._file_writer is None:
            msg = f'{self.folder}: the bag is closed: create a new one.'
            raise BagError(msg)
        return self._file_writer

    def _raise_failure(self) -> None:
        self._reported = True
        if self.failure is not None:
            raise self.failure

    def _is_full(self, file_writer: McapFileWriter, time_ns: int) -> bool:
        if file_writer.start_ns is None:
            return False
        too_long = self._split_ns is not None and time_ns - file_writer.start_ns >= self._split_ns
        return too_long or (self._split_bytes is not None and file_writer.bytes_taken >= self._split_bytes)

    def _begin_file(self) -> McapFileWriter:
        file_writer = McapFileWriter(
            self.folder / f'{self.folder.resolve().name}_{len(self._files)}.mcap', shared=self._shared
        )
        try:
            file_writer.add_metadata(CUSTOM_RECORD, self._custom)
            for index in range(len(self._topics)):
                self._add_channel(file_writer, index)
        except OSError:
            file_writer.close()
            file_writer.path.unlink()
            raise
        self._file_writer = file_writer
        return file_writer

    def _add_channel(self, file_writer: McapFileWriter, index: int) -> None:
        topic = self._topics[index]
        encoding = 'ros2idl' if topic.definition.startswith(IDL_MARK) else 'ros2msg' if topic.definition else ''
        schema = file_writer.add_schema(topic.type, encoding, topic.definition.encode())
        metadata = {'offered_qos_profiles': topic.qos_profiles, 'topic_type_hash': self._hashes[index]}
        file_writer.add_channel(topic.name, schema, metadata)

    def _end_file(self, file_writer: McapFileWriter) -> None:
        file_writer.flush()
        span = FileSpan(file_writer.path.name, file_writer.start_ns, file_writer.end_ns, file_writer.messages)
        counts = [file_writer.count(index + 1) for index in range(len(self._topics))]
        topics = [replace(topic, count=count) for topic, count in zip(self._topics, counts, strict=True)]
        description = describe([span], topics, self._hashes, self._custom)
        text = yaml.safe_dump(description, sort_keys=False, allow_unicode=True)
        file_writer.add_metadata(METADATA_RECORD, {'serialized_metadata': text})
        self._unsynced.append(file_writer.duplicate())
        file_writer.finish()
        self._file_sizes[span.name] = file_writer.bytes_taken
        file_writer.close()
        self._file_writer = None
        self._files.append(span)
        self._counts = [total + count for total, count in zip(self._counts, counts, strict=True)]

    def _finish(self) -> None:
        if self._file_writer is not None:
            self._end_file(self._file_writer)
        failed = sync_all(self._unsynced)
        self._unsynced = []
        if failed is not None:
            raise failed
        topics = [replace(topic, count=count) for topic, count in zip(self._topics, self._counts, strict=True)]
        write_metadata(self.folder, describe(self._files, topics, self._hashes, self._custom))
        if not self._shared:
            (self.folder / FILE_NAME).chmod(PRIVATE_FILE_MODE)
        self._reserve.release()
        self._closed = True

    def _fail(self, error: OSError) -> None:
        if self._closed:
            return
        self._reserve.release()
        remedy = 'free disk space' if error.errno == errno.ENOSPC else 'check the disk'
        try:
            self._save_pending()
            self._finish()
            state = f'closed and complete with {sum(self._counts)} messages'
        except OSError as second:
            state = f'not finished ({second.strerror}): run recover_bag'
            if self._file_writer is not None:
                self._file_writer.close()
        self._file_writer = None
        self._closed = True
        lost = f', {self._lost} messages of the last {self._flush_s:g} s lost' if self._lost else ''
        msg = f'{self.folder}: {error.strerror}; the bag is {state}{lost}: {remedy} and start a new one.'
        self.failure = BagError(msg)

    def _save_pending(self) -> None:
        if self._file_writer is None:
            return
        try:
            self._file_writer.flush()
        except OSError:
            self._lost = self._file_writer.drop_pending()

    def _flush_forever(self) -> None:
        try:
            while not self._stop.wait(self._flush_s):
                self.flush()
        except BagError:
            self._reported = False  # the next call, or close, raises it


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
