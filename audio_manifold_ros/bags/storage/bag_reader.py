# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Reader of bags: rosbag2 folders (mcap, sqlite3, with or without metadata) and single storage files."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, final

from rosbags.typesys.store import Typestore

from audio_manifold_ros.bags.storage.bag_file import BagFile
from audio_manifold_ros.bags.storage.bag_folder import find_bag
from audio_manifold_ros.bags.storage.bag_message import BagMessage, BagTopic
from audio_manifold_ros.bags.storage.message_types import typestore, typestore_from_definition
from audio_manifold_ros.common.errors import BagError
from audio_manifold_ros.common.units import NS_PER_S

__all__ = ['BagMessage', 'BagReader', 'BagTopic']


@final
class BagReader:
    """An open bag. Use it as a context manager, or call `close`.

    A damaged file raises an error when it is opened, or when the damaged part is read. Messages are never skipped
    silently. Checksums of mcap cover messages and index. sqlite3 has no checksums, so a wrong byte inside a message is
    not detected.

    Attributes:
        path: The folder or file.
        topics: Topics of all files, one for each (name, type), sorted by name.
        start_ns: Time of the earliest message, 0 for an empty bag.
        end_ns: One past the time of the latest message, 0 for an empty bag.
        custom: Custom data.
        problems: Problems that do not prevent reading.

    """

    def __init__(self, path: Path | str) -> None:
        """Open a bag.

        Args:
            path: A rosbag2 folder, its `metadata.yaml`, or a single `.mcap` or `.db3` file.

        Raises:
            BagError: The bag does not exist, or one of its files is missing, empty, truncated, damaged or of another
                format.

        """
        folder = find_bag(path)
        self.path = folder.path
        self._files: list[BagFile] = []
        try:
            for file in folder.files:
                self._files.append(BagFile(file))
            recorded = self._files[0].custom()
        except BagError:
            self.close()
            raise
        self.topics = _merged_topics(self._files)
        self.start_ns = min((file.start_ns for file in self._files if file.start_ns is not None), default=0)
        self.end_ns = max(file.end_ns for file in self._files)
        self.custom: dict[str, str] = dict(folder.custom) or recorded
        problems = [*folder.problems, *(problem for file in self._files for problem in file.problems)]
        if recorded and folder.custom and recorded != dict(folder.custom):
            problems.append('custom data of metadata.yaml and of the first file differ')
        if folder.counts is not None:
            counts = {(topic.name, topic.type): topic.count for topic in self.topics}
            problems += _count_problems(folder.counts, counts)
        self.problems = tuple(problems)

    @property
    def duration_s(self) -> float:
        """Time from the earliest to the latest message, 0 for an empty bag."""
        return max(0, self.end_ns - 1 - self.start_ns) / NS_PER_S

    def messages(
        self, topics: Collection[str] | None = None, start_ns: int | None = None, stop_ns: int | None = None
    ) -> Iterator[BagMessage]:
        """Return messages of all files in order of time.

        Args:
            topics: Names of topics, None for all.
            start_ns: Earliest time, None for all.
            stop_ns: One past the latest time, None for all.

        Raises:
            BagError: A topic is not in the bag, or a file is damaged.

        """
        available = {topic.name for topic in self.topics}
        unknown = sorted(set(topics or ()) - available)
        if unknown:
            msg = f'{self.path}: has no topics {unknown}: choose from {sorted(available)}.'
            raise BagError(msg)
        return self._in_order(topics, start_ns, stop_ns)

    def decode(self, message: BagMessage) -> Any:
        """Return a deserialised message, as a dataclass of rosbags.

        The definition stored in the bag is used. Without one, the definition of the known types is used.

        Raises:
            BagError: The type is unknown, or the bytes do not match it.

        """
        store = self._store(message)
        try:
            return store.deserialize_cdr(message.data, message.type)
        except Exception as error:  # noqa: BLE001 - damaged bytes cause errors of many types
            msg = (
                f'{self.path}: message of {message.topic!r} at {message.time_ns} ns is not a valid {message.type!r} '
                f'({error or type(error).__name__}): exclude the topic, or record it again.'
            )
            raise BagError(msg) from None

    def close(self) -> None:
        """Close all files."""
        for file in self._files:
            file.close()

    def __enter__(self) -> BagReader:
        """Return the reader."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close all files."""
        self.close()

    def _store(self, message: BagMessage) -> Typestore:
        if message.definition:
            return typestore_from_definition(message.type, message.definition)
        store = typestore(message.type)
        if message.type not in store.fielddefs:
            msg = (
                f'{self.path}: {message.topic!r} has the unknown type {message.type!r}, and the bag has no definition: '
                'exclude the topic, or record in the mcap format, which stores definitions.'
            )
            raise BagError(msg)
        return store

    def _in_order(
        self, topics: Collection[str] | None, start_ns: int | None, stop_ns: int | None
    ) -> Iterator[BagMessage]:
        """Merge the messages of all files by time.

        Reading of a file starts only when its first message is due. One chunk of every file would need too much memory.
        """
        waiting = sorted(
            (file.start_ns, file_index, file)
            for file_index, file in enumerate(self._files)
            if file.start_ns is not None
        )
        heap: list[tuple[int, int, BagMessage, Iterator[BagMessage]]] = []
        while waiting or heap:
            if waiting and (not heap or waiting[0][0] <= heap[0][0]):
                _, file_index, file = waiting.pop(0)
                source = file.messages(topics, start_ns, stop_ns)
            else:
                _, file_index, message, source = heapq.heappop(heap)
                yield message
            following = next(source, None)
            if following is not None:
                heapq.heappush(heap, (following.time_ns, file_index, following, source))


def _merged_topics(files: list[BagFile]) -> tuple[BagTopic, ...]:
    merged: dict[tuple[str, str], BagTopic] = {}
    for file in files:
        for topic in file.topics:
            before = merged.get((topic.name, topic.type))
            count = topic.count + (before.count if before is not None else 0)
            merged[topic.name, topic.type] = replace(before or topic, count=count)
    return tuple(topic for _, topic in sorted(merged.items()))


def _count_problems(expected: Mapping[tuple[str, str], int], counts: Mapping[tuple[str, str], int]) -> Iterator[str]:
    for key in sorted(set(expected) | set(counts)):
        if expected.get(key, 0) != counts.get(key, 0):
            yield (
                f'{key[0]} ({key[1]}): metadata.yaml states {expected.get(key, 0)} messages, '
                f'the files contain {counts.get(key, 0)}'
            )
