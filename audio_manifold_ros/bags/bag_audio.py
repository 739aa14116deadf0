# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The audio of a bag, chunk by chunk."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from audio_manifold_ros.bags.audio_adapters import ADAPTERS, stated_by
from audio_manifold_ros.bags.errors import BagError

if TYPE_CHECKING:
    from audio_manifold_ros.bags.audio_chunk import AudioChunk, StatedAudio
    from audio_manifold_ros.bags.bag_message import BagMessage
    from audio_manifold_ros.bags.bag_reader import BagReader
    from audio_manifold_ros.bags.dataset_topics import DatasetTopics


class BagAudio:
    """Reads the audio topic of a bag. A message that makes no sense is counted, and the next one read.

    Attributes:
        damaged: Messages that could not be read so far.

    """

    def __init__(self, reader: BagReader, topics: DatasetTopics, stated: StatedAudio | None = None) -> None:
        """Read nothing yet.

        Args:
            reader: The bag, open.
            topics: Of the bag.
            stated: What the messages leave unsaid, from a person; it wins over a topic that describes the audio.

        """
        self._reader = reader
        self._topics = topics
        self._stated = stated
        self._adapter = ADAPTERS[topics.audio_type]
        self.damaged = 0

    def chunks(self) -> Iterator[AudioChunk]:
        """Yield the audio in order of time.

        Raises:
            BagError: The bag is damaged, or the topic that describes the audio cannot be used.

        """
        for _, chunk in self.messages():
            if isinstance(chunk, BagError):
                self.damaged += 1
            else:
                yield chunk

    def messages(self) -> Iterator[tuple[BagMessage, AudioChunk | BagError]]:
        """Yield every message in order of time with its audio, or why it has none.

        Raises:
            BagError: The bag is damaged, or the topic that describes the audio cannot be used.

        """
        stated = self._stated or self._described()
        for message in self._reader.messages((self._topics.audio,)):
            yield message, self._read(message, stated)

    def _read(self, message: BagMessage, stated: StatedAudio | None) -> AudioChunk | BagError:
        try:
            return self._adapter.blocks(self._reader.decode(message), message.time_ns, stated)
        except BagError as error:
            return error

    def _described(self) -> StatedAudio | None:
        """Return what the first message of the describing topic says: it may stand behind the first audio."""
        if not self._topics.audio_info:
            return None
        first = next(self._reader.messages((self._topics.audio_info,)), None)
        return None if first is None else stated_by(self._reader.decode(first))
