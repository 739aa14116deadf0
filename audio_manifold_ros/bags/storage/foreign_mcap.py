# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Intact mcap files of other programs: reads the channels of ROS 2 (CDR) and names the others."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import final

from mcap.reader import make_reader
from mcap.records import Channel, Schema
from mcap.summary import Summary
from mcap.writer import MCAP0_MAGIC

from audio_manifold_ros.bags.storage.bag_message import BagTopic
from audio_manifold_ros.bags.storage.limits import MAX_CHUNK_BYTES
from audio_manifold_ros.bags.storage.qos_profiles import lenient_qos_text
from audio_manifold_ros.common.errors import BagError

ROS2_PROFILE, ROS1_PROFILE = 'ros2', 'ros1'
CDR = 'cdr'
DEFINITION_ENCODINGS = ('ros2msg', 'ros2idl', 'omgidl', '')
MAX_PROFILE_BYTES = 256
OTHERS = 'channels were not read, because they are not messages of ROS 2'
MAX_NAMED_CHANNELS = 5
ROS1_REMEDY = 'convert it to ROS 2 first, for example with rosbags-convert.'


class ForeignBagError(BagError):
    """A bag that is intact, and that is not a recording of ROS 2."""


def read_profile(path: Path) -> str:
    """Return the profile of an mcap file, for example `ros2`. Return an empty string if it cannot be read."""
    with path.open('rb') as file:
        if file.read(len(MCAP0_MAGIC)) != MCAP0_MAGIC or file.read(1) != b'\x01':
            return ''
        file.read(8)
        length = int.from_bytes(file.read(4), 'little')
        return file.read(min(length, MAX_PROFILE_BYTES)).decode('utf-8', errors='replace')


@final
class ForeignMcap:
    """An intact mcap file without the profile of ROS 2, or with channels of other programs.

    Attributes:
        topics: Topics of ROS 2.
        start_ns: Time of the earliest message, None without messages.
        end_ns: One past the time of the latest message.
        problems: Names of the channels that cannot be read.

    """

    def __init__(self, path: Path) -> None:
        """Read the index.

        Raises:
            ForeignBagError: The file has no channel of ROS 2.
            BagError: The file has no index.

        """
        self._path = path
        with path.open('rb') as file:
            self._read_summary(path, make_reader(file).get_summary())

    def messages(
        self, topics: Collection[str] | None, start_ns: int | None, stop_ns: int | None
    ) -> Iterator[tuple[BagTopic, int, bytes]]:
        """Yield topic, time and data of messages in order of time."""
        selected = {
            number: topic for number, topic in self._by_number.items() if topics is None or topic.name in topics
        }
        if not selected:
            return
        names = sorted({topic.name for topic in selected.values()})
        # Several callers may iterate at the same time.
        with self._path.open('rb') as file:
            for _, channel, message in make_reader(file).iter_messages(names, start_ns, stop_ns):
                if channel.id in selected:
                    yield selected[channel.id], message.log_time, message.data

    def _read_summary(self, path: Path, summary: Summary | None) -> None:
        if summary is None or summary.statistics is None:
            msg = f'{path}: has no index: recover_bag saves its messages with one.'
            raise BagError(msg)
        statistics = summary.statistics
        counts = statistics.channel_message_counts
        sizes = [max(chunk.uncompressed_size, chunk.compressed_size) for chunk in summary.chunk_indexes]
        if max(sizes, default=0) > MAX_CHUNK_BYTES:
            msg = (
                f'{path}: has a chunk of {max(sizes)} bytes, at most {MAX_CHUNK_BYTES} are read: record smaller chunks.'
            )
            raise BagError(msg)
        self._by_number: dict[int, BagTopic] = {}
        others: list[str] = []
        for number, channel in sorted(summary.channels.items()):
            schema = summary.schemas.get(channel.schema_id)
            if schema is not None and _is_ros2(channel, schema):
                profiles = lenient_qos_text(channel.metadata.get('offered_qos_profiles', ''))
                definition = schema.data.decode('utf-8', errors='replace') if schema.encoding else ''
                self._by_number[number] = BagTopic(
                    channel.topic, schema.name, counts.get(number, 0), profiles, definition
                )
            else:
                encoding = channel.message_encoding or 'no encoding'
                others.append(f'{channel.topic!r} ({encoding})')
        if not self._by_number:
            msg = f'{path}: is intact and has no messages of ROS 2{_list(others)}: record it with ROS 2.'
            raise ForeignBagError(msg)
        self.topics = tuple(self._by_number.values())
        count = sum(topic.count for topic in self.topics)
        statistics = summary.statistics
        self.start_ns = statistics.message_start_time if statistics is not None and count else None
        self.end_ns = statistics.message_end_time + 1 if statistics is not None and count else 0
        self.problems = (
            (f'{path.name}: not read, because they are not messages of ROS 2{_list(others)}',) if others else ()
        )


def open_foreign_mcap(path: Path, profile: str) -> ForeignMcap | None:
    """Open an mcap file that rosbags does not read. Return None if it is no intact file of another program.

    Raises:
        ForeignBagError: The file is a recording of ROS 1, or it has no channel of ROS 2.

    """
    if profile == ROS1_PROFILE:
        msg = f'{path}: is a recording of ROS 1 (profile {profile!r}): {ROS1_REMEDY}'
        raise ForeignBagError(msg)
    try:
        with path.open('rb') as file:
            summary = make_reader(file).get_summary()
    except Exception:  # noqa: BLE001 - damaged bytes cause errors of many types
        return None
    if summary is None or summary.statistics is None:
        return None
    has_others = any(channel.message_encoding != CDR for channel in summary.channels.values())
    return ForeignMcap(path) if has_others or profile != ROS2_PROFILE else None


def _is_ros2(channel: Channel, schema: Schema) -> bool:
    return channel.message_encoding == CDR and schema.encoding in DEFINITION_ENCODINGS


def _list(names: list[str]) -> str:
    shown = ', '.join(names[:MAX_NAMED_CHANNELS])
    more = f' and {len(names) - MAX_NAMED_CHANNELS} more' if len(names) > MAX_NAMED_CHANNELS else ''
    return f': {shown}{more}' if shown else ''
