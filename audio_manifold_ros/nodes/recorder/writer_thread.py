# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Writer thread of the recorder: queues received messages, keeps statistics, and writes the bag."""

from __future__ import annotations

import threading
import traceback
from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from audio_manifold_ros.bags.statistics.topic_statistics import TopicStatistics
from audio_manifold_ros.common.errors import BagError
from audio_manifold_ros.common.units import NS_PER_S

if TYPE_CHECKING:
    from collections.abc import Iterable

    from audio_manifold_ros.bags.storage.bag_writer import BagWriter
    from audio_manifold_ros.nodes.recorder.recorded_topic import RecordedTopic

MAX_QUEUED_BYTES = 256 * 2**20
MAX_LATCHED_BYTES = 64 * 2**20
# Messages of different topics may arrive out of order. A step back by more means that the clock was set.
MAX_REORDERING_NS = 10 * NS_PER_S


@dataclass(frozen=True)
class _Item:
    topic: RecordedTopic
    data: bytes
    time_ns: int
    lost: int


class WriterThread:
    """Thread that processes queued messages: only statistics before `start_writing`, statistics and writing afterwards.

    Messages of latched topics from before `start_writing` are kept and written at the start of the bag. No message is
    lost when the clock is set back: later messages are written at the time of the newest one, in order of arrival.

    Attributes:
        failure: Reason why nothing is written any more; an empty string without a failure.

    """

    def __init__(self) -> None:
        """Start the thread."""
        self.failure = ''
        self._queue: deque[_Item] = deque()
        self._queued_bytes = 0
        self._ready = threading.Condition()
        self._process_lock = threading.Lock()
        self._stopped = False
        self._writer: BagWriter | None = None
        self._start_ns = self._newest_ns = 0
        self._added_topics: set[str] = set()
        self._statistics: dict[str, TopicStatistics] = {}
        self._latched: deque[_Item] = deque()
        self._latched_bytes = 0
        self._thread = threading.Thread(target=self._run, name='record', daemon=True)
        self._thread.start()

    @property
    def queued_bytes(self) -> int:
        """Bytes waiting to be processed."""
        return self._queued_bytes

    @property
    def statistics(self) -> dict[str, TopicStatistics]:
        """Statistics by topic since the last `reset_statistics` or `start_writing`."""
        return dict(self._statistics)

    def put(self, topic: RecordedTopic, data: bytes, time_ns: int, lost: int = 0) -> None:
        """Queue a message. If the queue is full because the disk is too slow, drop and count it."""
        with self._ready:
            if self._queued_bytes + len(data) > MAX_QUEUED_BYTES:
                self._statistics_of(topic).dropped += 1
                return
            self._queue.append(_Item(topic, data, time_ns, lost))
            self._queued_bytes += len(data)
            self._ready.notify()

    def reset_statistics(self) -> None:
        """Reset the statistics."""
        with self._process_lock:
            self._statistics = {}

    def start_writing(self, writer: BagWriter, time_ns: int, topics: Iterable[RecordedTopic]) -> None:
        """Reset the statistics and start to write.

        Args:
            writer: Writer of the bag.
            time_ns: Start time of the bag. Earlier messages of latched topics are written at this time.
            topics: The subscribed topics. They are reported even without messages.

        """
        with self._process_lock, self._ready:
            # Queued messages arrived before the start. Only those of latched topics are kept.
            self._queue = deque([*self._latched, *(item for item in self._queue if item.topic.latched)])
            self._queued_bytes = sum(len(item.data) for item in self._queue)
            self._latched.clear()
            self._latched_bytes = 0
            self._statistics = {topic.name: TopicStatistics(topic.name, topic.type) for topic in topics}
            self._writer, self._start_ns, self._newest_ns = writer, time_ns, time_ns
            self._ready.notify()

    def stop(self) -> None:
        """Process the queued messages and end the thread."""
        with self._ready:
            self._stopped = True
            self._ready.notify()
        self._thread.join()

    def _statistics_of(self, topic: RecordedTopic) -> TopicStatistics:
        found = self._statistics.get(topic.name)
        if found is None:
            found = self._statistics[topic.name] = TopicStatistics(topic.name, topic.type)
        return found

    def _run(self) -> None:
        try:
            while self._wait():
                self._process_next()
        except Exception:  # noqa: BLE001 - the recorder must end and report the error
            self.failure = f'Internal error of the recorder:\n{traceback.format_exc()}'

    def _wait(self) -> bool:
        """Wait for messages. Return False when the queue is empty and the thread is stopped."""
        with self._ready:
            self._ready.wait_for(lambda: self._queue or self._stopped)
            return bool(self._queue)

    def _process_next(self) -> None:
        with self._process_lock:
            with self._ready:
                if not self._queue:
                    return
                item = self._queue.popleft()
                self._queued_bytes -= len(item.data)
            if not self.failure:
                self._process(item if self._writer is None else self._with_bag_time(item), self._writer)

    def _with_bag_time(self, item: _Item) -> _Item:
        """Return a message with the time at which it is written to the bag."""
        if item.time_ns < self._newest_ns - MAX_REORDERING_NS:
            # In order of arrival and with unique times, by which readers distinguish images.
            self._newest_ns += 1
            return replace(item, time_ns=self._newest_ns)
        self._newest_ns = max(item.time_ns, self._newest_ns)
        return replace(item, time_ns=max(item.time_ns, self._start_ns))

    def _process(self, item: _Item, writer: BagWriter | None) -> None:
        try:
            if writer is None:
                self._keep_latched(item)
            else:
                self._write(item, writer)
        except BagError as error:
            self.failure = str(error)
            return
        self._count(item)

    def _keep_latched(self, item: _Item) -> None:
        if not item.topic.latched:
            return
        self._latched.append(item)
        self._latched_bytes += len(item.data)
        while self._latched_bytes > MAX_LATCHED_BYTES:
            self._latched_bytes -= len(self._latched.popleft().data)

    def _write(self, item: _Item, writer: BagWriter) -> None:
        topic = item.topic
        if topic.name not in self._added_topics:
            writer.add_topic(topic.name, topic.type, topic.qos_profiles)
            self._added_topics.add(topic.name)
        writer.write(topic.name, item.data, item.time_ns)

    def _count(self, item: _Item) -> None:
        statistics = self._statistics_of(item.topic)
        # Messages missing before the first one were lost before the recording started.
        statistics.lost += item.lost if statistics.count else 0
        statistics.update(
            item.time_ns, item.topic.stamp_ns(item.data), len(item.data), has_header=item.topic.has_header
        )
        if not item.topic.is_audio:
            return
        try:
            statistics.update_audio(item.topic.chunk(item.data, item.time_ns))
        except BagError:
            # The message is recorded unchanged. The report counts unreadable messages.
            statistics.unreadable += 1
