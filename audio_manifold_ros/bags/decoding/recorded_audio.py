# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Audio of a bag, message by message, with a sample index."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from audio_manifold_ros.bags.decoding.audio_decoder import AudioDecoder
from audio_manifold_ros.bags.decoding.audio_message_adapters import audio_format_from_info
from audio_manifold_ros.common.errors import BagError

# Longest delay of a message relative to the usual delay.
MAX_LATENESS_NS = 5_000_000_000
NUM_FIRST_MESSAGES = 25

if TYPE_CHECKING:
    from audio_manifold_ros.bags.decoding.audio_chunk import AudioFormat, IndexedChunk
    from audio_manifold_ros.bags.decoding.dataset_topics import DatasetTopics
    from audio_manifold_ros.bags.storage.bag_message import BagMessage
    from audio_manifold_ros.bags.storage.bag_reader import BagReader


class RecordedAudio:
    """Reader of one audio topic. An invalid message is counted and skipped, which leaves a gap.

    Attributes:
        damaged: Messages that could not be decoded so far.
        problem: Error message of the first of them.

    """

    def __init__(self, bag: BagReader, topics: DatasetTopics, audio_format: AudioFormat | None = None) -> None:
        """Select the topic.

        Args:
            bag: The open bag.
            topics: Topics of the dataset.
            audio_format: Format of audio whose messages do not state it. None takes it from their info topic, which
                may start after them.

        Raises:
            BagError: The info topic contradicts itself, or describes audio that cannot be read.

        """
        self.damaged = 0
        self.problem = ''
        self._bag = bag
        self._topic = topics.audio
        self._decoder = AudioDecoder(topics.audio_type, audio_format or self._read_info(topics.audio_info))

    def read(self, message: BagMessage) -> list[IndexedChunk] | BagError:
        """Return the chunks whose index this message decides, or the error that makes it unusable."""
        try:
            return self._decoder.push(self._bag.decode(message), message.time_ns)
        except BagError as error:
            self._count(error)
            return error

    def finish(self) -> list[IndexedChunk]:
        """Return the chunks that still wait for an index, after the last message."""
        return self._decoder.finish()

    def messages(self) -> Iterator[tuple[BagMessage, list[IndexedChunk] | BagError]]:
        """Yield every message in order of time, with the chunks that it decides or with its error.

        The last message decides the chunks that still wait with `finish`.

        Raises:
            BagError: The file is damaged.

        """
        self._decoder.reset()
        for message in self._bag.messages([self._topic]):
            yield message, self.read(message)

    def chunks(self) -> Iterator[IndexedChunk]:
        """Yield the audio in order of time.

        Raises:
            BagError: The file is damaged, or no message could be decoded.

        """
        is_empty = True
        for _, decoded in self.messages():
            if not isinstance(decoded, BagError):
                is_empty &= not decoded
                yield from decoded
        remaining = self.finish()
        if is_empty and not remaining:
            raise self._no_audio_error()
        yield from remaining

    def span_ns(self) -> tuple[int, int]:
        """Return the first and last time of the bag on the clock of the audio, with a margin.

        The first messages give the difference between the two clocks.

        Raises:
            BagError: The file is damaged, or no message could be decoded.

        """
        # Several messages, because a source that starts before its clock may stamp its first message with any time.
        offsets = (self._offset_ns(message) for message in self._bag.messages([self._topic]))
        offsets_ns = sorted(islice((offset for offset in offsets if offset is not None), NUM_FIRST_MESSAGES))
        if not offsets_ns:
            raise self._no_audio_error()
        median_ns = offsets_ns[len(offsets_ns) // 2]
        return self._bag.start_ns + median_ns - MAX_LATENESS_NS, self._bag.end_ns + median_ns + MAX_LATENESS_NS

    def _offset_ns(self, message: BagMessage) -> int | None:
        """Return the stamp of a message minus the time of its reception, None if it cannot be decoded."""
        try:
            chunk = self._decoder.decode(self._bag.decode(message), message.time_ns)
        except BagError as error:
            self._count(error)
            return None
        return chunk.stamp_ns - message.time_ns

    def _count(self, error: BagError) -> None:
        self.damaged += 1
        self.problem = self.problem or str(error)

    def _no_audio_error(self) -> BagError:
        return BagError(
            f'{self._bag.path}: no message on {self._topic!r} can be read: {self.problem or "there is none."}'
        )

    def _read_info(self, topic: str) -> AudioFormat | None:
        if not topic:
            return None
        found = {audio_format_from_info(self._bag.decode(message)) for message in self._bag.messages([topic])}
        if len(found) > 1:
            msg = f'{self._bag.path}: {topic!r} describes {len(found)} audio formats: cut the bag, or state one format.'
            raise BagError(msg)
        return next(iter(found), None)
