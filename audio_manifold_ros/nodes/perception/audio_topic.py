# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A topic of audio of any known kind, read as blocks with an index."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rclpy.qos import QoSProfile

from audio_manifold_ros.bags.decoding.audio_message_adapters import ADAPTERS, AUDIO_BLOCK_TYPE, audio_format_from_info
from audio_manifold_ros.bags.decoding.index_from_stamps import StampIndexer
from audio_manifold_ros.common.errors import BagError, NodeError
from audio_manifold_ros.nodes.common.audio_messages import from_audio_message
from audio_manifold_ros.nodes.common.message_class import message_class
from audio_manifold_ros.nodes.common.qos import AUDIO_QOS, BEST_EFFORT_AUDIO_QOS

if TYPE_CHECKING:
    from audio_manifold_ros.audio.block import AudioBlock
    from audio_manifold_ros.bags.decoding.audio_chunk import AudioChunk, AudioFormat

# A node sees no stamp but those so far: a chunk that is late by less is not taken for a loss.
JITTER_TOLERANCE_NS = 40_000_000
# Others publish audio as sensor data; this matches them, and reliable publishers too.


@dataclass(frozen=True)
class AudioTopic:
    """Where audio comes from, and of which kind it is.

    Attributes:
        name: The topic.
        type: Its message type, a key of `ADAPTERS`.
        info: Topic that describes the audio of some types; '' without.
        audio_format: What the messages leave unsaid; None takes it from `info`.

    """

    name: str
    type: str = AUDIO_BLOCK_TYPE
    info: str = ''
    audio_format: AudioFormat | None = None

    @property
    def qos(self) -> QoSProfile:
        """What to subscribe with."""
        return AUDIO_QOS if self.type == AUDIO_BLOCK_TYPE else BEST_EFFORT_AUDIO_QOS


class AudioTopicReader:
    """Reads the messages of one topic.

    Attributes:
        topic: The topic.
        message_class: Class of its messages.
        info_class: Class of those that describe it; None where nothing is to be subscribed.

    """

    def __init__(self, topic: AudioTopic) -> None:
        """Import the classes.

        Raises:
            NodeError: The type is unknown, or its package is not installed here; or the audio stays undescribed.

        """
        adapter = ADAPTERS.get(topic.type)
        if adapter is None:
            msg = f'source.topic_type is {topic.type!r}: give one of {sorted(ADAPTERS)}.'
            raise NodeError(msg)
        described = bool(adapter.info_type and topic.info)
        if topic.audio_format is None and not described and (adapter.needs_audio_format or adapter.info_type):
            msg = f'{topic.type} does not say its rate: set source.topic_rate_hz'
            raise NodeError(f'{msg} or source.topic_info.' if adapter.info_type else f'{msg}.')
        self.topic = topic
        self.message_class = message_class(topic.type)
        needs_info = described and topic.audio_format is None
        self.info_class: Any = message_class(adapter.info_type) if needs_info else None
        self._adapter = adapter
        self._audio_format = topic.audio_format
        self._index: StampIndexer | None = None
        self._format = (0, 0)

    def set_audio_info(self, message: Any) -> None:
        """Take what describes the audio.

        Raises:
            NodeError: It is compressed, or of a format that cannot be read.

        """
        try:
            self._audio_format = audio_format_from_info(message)
        except BagError as error:
            raise NodeError(str(error)) from None

    def read(self, message: Any, now_ns: int) -> AudioBlock:
        """Read a message that has come now.

        Raises:
            NodeError: It makes no sense, or nothing has described it yet.

        """
        if self.topic.type == AUDIO_BLOCK_TYPE:
            return from_audio_message(message)
        try:
            chunk = self._adapter.read_chunk(message, now_ns, self._audio_format)
        except BagError as error:
            raise NodeError(str(error)) from None
        return chunk.to_block(self._sample_index(chunk) if chunk.first_sample is None else chunk.first_sample)

    def _sample_index(self, chunk: AudioChunk) -> int:
        current_format = (chunk.channels, chunk.sample_rate_hz)
        if self._index is None or current_format != self._format:
            self._index, self._format = StampIndexer(chunk.sample_rate_hz, JITTER_TOLERANCE_NS), current_format
        return self._index.place(chunk.stamp_ns, chunk.length)
