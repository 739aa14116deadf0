# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The audio of a bag, chunk by chunk, as it was recorded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from audio_manifold_ros.bags.audio_adapters import ADAPTERS, stated_by
from audio_manifold_ros.bags.errors import BagError

if TYPE_CHECKING:
    from audio_manifold_ros.bags.audio_chunk import AudioChunk, StatedAudio
    from audio_manifold_ros.bags.bag_reader import BagReader
    from audio_manifold_ros.bags.dataset_topics import DatasetTopics


class RecordedChunks:
    """Reads one topic; a message that is damaged is left out and counted, and so becomes a gap.

    Attributes:
        damaged: Messages left out so far.
        problem: What the first of them says.

    """

    def __init__(self, bag: BagReader, topics: DatasetTopics, stated: StatedAudio | None = None) -> None:
        """Name the topic.

        Args:
            bag: The bag, open.
            topics: Which topics are meant.
            stated: What the messages leave unsaid; None takes it from their info topic.

        Raises:
            BagError: The info topic contradicts itself, or says that the audio cannot be read.

        """
        self.damaged = 0
        self.problem = ''
        self._bag = bag
        self._topic = topics.audio
        self._adapter = ADAPTERS[topics.audio_type]
        self._stated = stated or self._read_info(topics.audio_info)

    def __iter__(self) -> Iterator[AudioChunk]:
        """Yield every chunk.

        Raises:
            BagError: The file is damaged, or no message could be read at all.

        """
        read = 0
        for message in self._bag.messages([self._topic]):
            try:
                chunk = self._adapter.blocks(self._bag.decode(message), message.time_ns, self._stated)
            except BagError as error:
                self.damaged += 1
                self.problem = self.problem or str(error)
                continue
            read += 1
            yield chunk
        if not read:
            msg = f'{self._bag.path}: no message on {self._topic!r} can be read: {self.problem or "there is none."}'
            raise BagError(msg)

    def _read_info(self, topic: str) -> StatedAudio | None:
        if not topic:
            return None
        found = {stated_by(self._bag.decode(message)) for message in self._bag.messages([topic])}
        if len(found) > 1:
            msg = f'{self._bag.path}: {topic!r} describes {len(found)} kinds of audio: cut the bag, or state one.'
            raise BagError(msg)
        return next(iter(found), None)
