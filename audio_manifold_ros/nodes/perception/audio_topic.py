# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A topic of audio of any known kind, read as blocks with an index."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy

from audio_manifold_ros.bags.decoding.audio_message_adapters import ADAPTERS, stated_by
from audio_manifold_ros.bags.decoding.index_from_stamps import StampIndex
from audio_manifold_ros.bags.errors import BagError
from audio_manifold_ros.nodes.common.audio_messages import from_audio_message
from audio_manifold_ros.nodes.errors import NodeError
from audio_manifold_ros.nodes.replay.bag_publishers import message_class

if TYPE_CHECKING:
    from audio_manifold_ros.audio.block import AudioBlock
    from audio_manifold_ros.bags.decoding.audio_chunk import AudioChunk, StatedAudio

OWN_TYPE = 'audio_manifold_msgs/msg/AudioBlock'
# A node sees no stamp but those so far: a chunk that is late by less is not taken for a loss.
LATE_NS = 40_000_000
RELIABLE = QoSProfile(history=HistoryPolicy.KEEP_LAST, depth=200, reliability=ReliabilityPolicy.RELIABLE)
# Others publish audio as sensor data; this matches them, and reliable publishers too.
BEST_EFFORT = QoSProfile(history=HistoryPolicy.KEEP_LAST, depth=200, reliability=ReliabilityPolicy.BEST_EFFORT)
LATCHED = QoSProfile(
    history=HistoryPolicy.KEEP_LAST,
    depth=1,
    reliability=ReliabilityPolicy.RELIABLE,
    durability=DurabilityPolicy.TRANSIENT_LOCAL,
)


@dataclass(frozen=True)
class AudioTopic:
    """Where audio comes from, and of which kind it is.

    Attributes:
        name: The topic.
        type: Its message type, a key of `ADAPTERS`.
        info: Topic that describes the audio of some types; '' without.
        stated: What the messages leave unsaid; None takes it from `info`.

    """

    name: str
    type: str = OWN_TYPE
    info: str = ''
    stated: StatedAudio | None = None

    @property
    def qos(self) -> QoSProfile:
        """What to subscribe with."""
        return RELIABLE if self.type == OWN_TYPE else BEST_EFFORT


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
        if topic.stated is None and not described and (adapter.needs_stated or adapter.info_type):
            msg = f'{topic.type} does not say its rate: set source.topic_rate_hz'
            raise NodeError(f'{msg} or source.topic_info.' if adapter.info_type else f'{msg}.')
        self.topic = topic
        self.message_class = message_class(topic.type)
        wanted = described and topic.stated is None
        self.info_class: Any = message_class(adapter.info_type) if wanted else None
        self._adapter = adapter
        self._stated = topic.stated
        self._index: StampIndex | None = None
        self._format = (0, 0)

    def inform(self, message: Any) -> None:
        """Take what describes the audio.

        Raises:
            NodeError: It is compressed, or of a format that cannot be read.

        """
        try:
            self._stated = stated_by(message)
        except BagError as error:
            raise NodeError(str(error)) from None

    def read(self, message: Any, now_ns: int) -> AudioBlock:
        """Read a message that has come now.

        Raises:
            NodeError: It makes no sense, or nothing has described it yet.

        """
        if self.topic.type == OWN_TYPE:
            return from_audio_message(message)
        try:
            chunk = self._adapter.blocks(message, now_ns, self._stated)
        except BagError as error:
            raise NodeError(str(error)) from None
        return chunk.to_block(self._place(chunk) if chunk.first_sample is None else chunk.first_sample)

    def _place(self, chunk: AudioChunk) -> int:
        found = (chunk.channels, chunk.sample_rate_hz)
        if self._index is None or found != self._format:
            self._index, self._format = StampIndex(chunk.sample_rate_hz, LATE_NS), found
        return self._index.place(chunk.stamp_ns, chunk.length)
