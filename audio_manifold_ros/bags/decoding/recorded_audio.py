# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The audio of a bag, message by message, as it was recorded."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from audio_manifold_ros.bags.decoding.audio_message_adapters import ADAPTERS, audio_format_from_info
from audio_manifold_ros.common.errors import BagError

# How much later than usual messages may have been received.
MAX_LATENESS_NS = 5_000_000_000
NUM_FIRST_MESSAGES = 25

if TYPE_CHECKING:
    from audio_manifold_ros.bags.decoding.audio_chunk import AudioChunk, AudioFormat
    from audio_manifold_ros.bags.decoding.dataset_topics import DatasetTopics
    from audio_manifold_ros.bags.storage.bag_message import BagMessage
    from audio_manifold_ros.bags.storage.bag_reader import BagReader


class RecordedAudio:
    """Reads one topic. A message that makes no sense is counted, and the next one read: it becomes a gap.

    Attributes:
        damaged: Messages that could not be read so far.
        problem: What the first of them says.

    """

    def __init__(self, bag: BagReader, topics: DatasetTopics, audio_format: AudioFormat | None = None) -> None:
        """Name the topic.

        Args:
            bag: The bag, open.
            topics: Which topics are meant.
            audio_format: What the messages leave unsaid; None takes it from their info topic, which may begin behind them.

        Raises:
            BagError: The info topic contradicts itself, or says that the audio cannot be read.

        """
        self.damaged = 0
        self.problem = ''
        self._bag = bag
        self._topic = topics.audio
        self._adapter = ADAPTERS[topics.audio_type]
        self._audio_format = audio_format or self._read_info(topics.audio_info)

    def read(self, message: BagMessage) -> AudioChunk | BagError:
        """Return the audio of one message, or why it has none."""
        try:
            return self._adapter.read_chunk(self._bag.decode(message), message.time_ns, self._audio_format)
        except BagError as error:
            self.damaged += 1
            self.problem = self.problem or str(error)
            return error

    def messages(self) -> Iterator[tuple[BagMessage, AudioChunk | BagError]]:
        """Yield every message in order of time with its audio, or why it has none.

        Raises:
            BagError: The file is damaged.

        """
        for message in self._bag.messages([self._topic]):
            yield message, self.read(message)

    def chunks(self) -> Iterator[AudioChunk]:
        """Yield the audio in order of time.

        Raises:
            BagError: The file is damaged, or no message could be read at all.

        """
        read = 0
        for _, chunk in self.messages():
            if not isinstance(chunk, BagError):
                read += 1
                yield chunk
        if not read:
            raise self._no_audio_error()

    def span_ns(self) -> tuple[int, int]:
        """Return what the whole bag spans by the clock of the audio, roughly: its first messages tell the difference.

        Raises:
            BagError: The file is damaged, or no message could be read at all.

        """
        readable = ((message, chunk) for message, chunk in self.messages() if not isinstance(chunk, BagError))
        # Of several: a source that starts before its clock stamps its first message with anything.
        offsets_ns = [chunk.stamp_ns - message.time_ns for message, chunk in islice(readable, NUM_FIRST_MESSAGES)]
        if not offsets_ns:
            raise self._no_audio_error()
        median_ns = sorted(offsets_ns)[len(offsets_ns) // 2]
        return self._bag.start_ns + median_ns - MAX_LATENESS_NS, self._bag.end_ns + median_ns + MAX_LATENESS_NS

    def _no_audio_error(self) -> BagError:
        return BagError(
            f'{self._bag.path}: no message on {self._topic!r} can be read: {self.problem or "there is none."}'
        )

    def _read_info(self, topic: str) -> AudioFormat | None:
        if not topic:
            return None
        found = {audio_format_from_info(self._bag.decode(message)) for message in self._bag.messages([topic])}
        if len(found) > 1:
            msg = f'{self._bag.path}: {topic!r} describes {len(found)} kinds of audio: cut the bag, or state one.'
            raise BagError(msg)
        return next(iter(found), None)
