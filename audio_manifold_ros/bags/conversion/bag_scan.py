# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One pass over a bag: topic statistics, audio segments without losses, and images with audio."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from contextlib import suppress
from typing import final

from rosbags.interfaces import Nodetype

from audio_manifold_ros.bags.conversion.audio_dry_run import AudioDryRun
from audio_manifold_ros.bags.decoding.audio_chunk import AudioFormat, IndexedChunk
from audio_manifold_ros.bags.decoding.dataset_topics import DatasetTopics
from audio_manifold_ros.bags.decoding.image_messages import IMAGE_TYPES, decode_depth_m, decode_labels
from audio_manifold_ros.bags.decoding.recorded_audio import RecordedAudio
from audio_manifold_ros.bags.statistics.fitness import GroundTruthContent, PauseMeter
from audio_manifold_ros.bags.statistics.topic_statistics import TopicStatistics, TopicSummary
from audio_manifold_ros.bags.storage.bag_message import BagMessage, BagTopic, header_stamp_ns
from audio_manifold_ros.bags.storage.bag_reader import BagReader
from audio_manifold_ros.bags.storage.message_types import typestore, typestore_from_definition
from audio_manifold_ros.common.errors import BagError
from audio_manifold_ros.common.units import NS_PER_S

DEPTH_ENCODINGS, LABEL_ENCODINGS = ('32FC1', '16UC1', 'mono16'), ('mono8', '8UC1')
LABEL_WORDS = ('segmentation', 'semantic', 'label')
STAMPED_FIRST_FIELDS = ('std_msgs/msg/Header', 'builtin_interfaces/msg/Time')


@final
class BagScan:
    """Results of one pass over a bag.

    Attributes:
        statistics: Statistics of each topic, by name.
        audio_segments: (first, end) of each segment of audio without losses, stamps in ns, in order of recording.
        images_ns: Stamps of the reference images.
        pauses: Pauses between messages that no drive has.
        content: Content of the depth and label images.
        depth_topics: Topics with depth images, by the encoding of their first image.
        label_topics: Topics with label images, by encoding and name.
        decode_errors: First error of each depth or label topic that has no image that can be decoded.

    """

    def __init__(
        self, reader: BagReader, topics: DatasetTopics | None, audio_format: AudioFormat | None, output_rate_hz: int
    ) -> None:
        """Read only the topic that describes the audio.

        Args:
            reader: The open bag.
            topics: Topics for a dataset, None if they are ambiguous.
            audio_format: Audio format for messages that do not state it.
            output_rate_hz: Sample rate of the dataset.

        Raises:
            BagError: The bag is damaged, or the described audio format is not supported.

        """
        self.statistics = {topic.name: TopicStatistics(topic.name, topic.type) for topic in reader.topics}
        self.audio_segments: list[tuple[int, int]] = []
        self.images_ns: list[int] = []
        self.decode_errors: dict[str, str] = {}
        self.depth_topics: list[str] = []
        self.label_topics: list[str] = []
        self.pauses = PauseMeter()
        self.content = GroundTruthContent()
        self._decoded: set[str] = set()
        self._dry_run = AudioDryRun(output_rate_hz)
        self._reader = reader
        self._topics = topics
        self._stamped = {(topic.name, topic.type): _begins_with_stamp(topic) for topic in reader.topics}
        self._next_sample: int | None = None
        self._audio = None if topics is None else RecordedAudio(reader, topics, audio_format)

    def run(self, advance: Callable[[int], None]) -> None:
        """Read the bag.

        Args:
            advance: Called with the nanoseconds of recording read since the last call.

        Raises:
            BagError: The bag is damaged. Results so far are kept.

        """
        reported_ns = self._reader.start_ns
        for message in self._reader.messages():
            statistics = self.statistics[message.topic]
            stamp_ns = self._stamp_ns(message)
            has_header = self._stamped[message.topic, message.type]
            statistics.update(message.time_ns, stamp_ns, len(message.data), has_header=has_header)
            self.pauses.add(message.time_ns)
            if statistics.count == 1 and message.type in IMAGE_TYPES:
                self._sort_image_topic(message)
            if self._topics is not None and self._audio is not None and message.topic == self._topics.audio:
                self._add_audio(self._audio.read(message), statistics)
            elif self._topics is not None and message.topic == self._topics.reference:
                self.images_ns.append(stamp_ns or message.time_ns)
            if self._topics is not None and message.topic in {self._topics.depth, self._topics.labels}:
                self._read_ground_truth(message, self._topics)
            if message.time_ns - reported_ns >= NS_PER_S:
                advance(message.time_ns - reported_ns)
                reported_ns = message.time_ns
        if self._audio is not None and self._topics is not None:
            self._add_chunks(self._audio.finish(), self.statistics[self._topics.audio])
        self._dry_run.finish()

    @property
    def audio_rejection_reason(self) -> str:
        """Reason why a conversion would reject the audio, or an empty string."""
        return self._dry_run.rejection_reason

    @property
    def problem(self) -> str:
        """Error of the first audio message that cannot be read, or an empty string."""
        return '' if self._audio is None else self._audio.problem

    def summaries(self) -> list[TopicSummary]:
        """Return the statistics of every topic."""
        return [statistics.summary() for statistics in self.statistics.values()]

    def images_with_audio(self, before_s: float, after_s: float) -> int:
        """Return the number of reference images that have audio without losses.

        Args:
            before_s: Required duration of audio before the image.
            after_s: Required duration of audio after the image.

        """
        audio_segments = sorted(self.audio_segments)
        starts = [first for first, _ in audio_segments]
        count = 0
        for stamp_ns in self.images_ns:
            index = bisect_right(starts, stamp_ns - round(before_s * NS_PER_S)) - 1
            count += index >= 0 and stamp_ns + round(after_s * NS_PER_S) <= audio_segments[index][1]
        return count

    def _add_audio(self, decoded: list[IndexedChunk] | BagError, statistics: TopicStatistics) -> None:
        if isinstance(decoded, BagError):
            statistics.unreadable += 1
        else:
            self._add_chunks(decoded, statistics)

    def _add_chunks(self, chunks: list[IndexedChunk], statistics: TopicStatistics) -> None:
        for chunk in chunks:
            statistics.update_audio(chunk)
            self._extend(chunk)
            self._dry_run.add(chunk)

    def _sort_image_topic(self, message: BagMessage) -> None:
        """Read the encoding of the first image of a topic."""
        with suppress(BagError):
            image = self._reader.decode(message)
            encoding = str(getattr(image, 'encoding', '') or getattr(image, 'format', ''))
            if encoding in DEPTH_ENCODINGS or 'compressedDepth' in encoding:
                self.depth_topics.append(message.topic)
            elif encoding in LABEL_ENCODINGS and any(word in message.topic for word in LABEL_WORDS):
                self.label_topics.append(message.topic)

    def _read_ground_truth(self, message: BagMessage, topics: DatasetTopics) -> None:
        """Decode every label image, and depth images up to the first with a valid depth."""
        is_labels = message.topic == topics.labels
        if not is_labels and self.content.has_depth:
            return
        try:
            decoded = self._reader.decode(message)
            if is_labels:
                self.content.add_labels(decode_labels(decoded))
            else:
                self.content.add_depth(decode_depth_m(decoded))
        except BagError as error:
            if message.topic not in self._decoded:
                self.decode_errors.setdefault(message.topic, str(error))
        else:
            self._decoded.add(message.topic)
            self.decode_errors.pop(message.topic, None)

    def _extend(self, chunk: IndexedChunk) -> None:
        end_ns = chunk.stamp_ns + chunk.length * NS_PER_S // chunk.sample_rate_hz
        if self.audio_segments and chunk.first_sample == self._next_sample:
            self.audio_segments[-1] = (self.audio_segments[-1][0], end_ns)
        else:
            self.audio_segments.append((chunk.stamp_ns, end_ns))
        self._next_sample = chunk.first_sample + chunk.length

    def _stamp_ns(self, message: BagMessage) -> int | None:
        return header_stamp_ns(message.data) if self._stamped[message.topic, message.type] else None


def _begins_with_stamp(topic: BagTopic) -> bool:
    try:
        store = typestore_from_definition(topic.type, topic.definition) if topic.definition else typestore(topic.type)
    except BagError:
        return False
    fields = store.fielddefs[topic.type][1] if topic.type in store.fielddefs else []
    return bool(fields) and fields[0][1] in [(Nodetype.NAME, name) for name in STAMPED_FIRST_FIELDS]
