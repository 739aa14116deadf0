# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Live audio topics of every supported message type, decoded to blocks with a sample index."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rclpy.qos import QoSProfile

from audio_manifold_ros.bags.decoding.audio_decoder import AudioDecoder
from audio_manifold_ros.bags.decoding.audio_message_adapters import ADAPTERS, AUDIO_BLOCK_TYPE
from audio_manifold_ros.common.errors import BagError, NodeError
from audio_manifold_ros.nodes.common.message_class import message_class
from audio_manifold_ros.nodes.common.qos import AUDIO_QOS, BEST_EFFORT_AUDIO_QOS

if TYPE_CHECKING:
    from audio_manifold_ros.audio.block import AudioBlock
    from audio_manifold_ros.bags.decoding.audio_chunk import AudioFormat


# Drivers send blocks of 5 to 100 ms. Larger messages than these delay all images, and are refused unread.
MAX_MESSAGE_BYTES = 16_000_000
MAX_BLOCK_S = 2.0


@dataclass(frozen=True)
class AudioTopic:
    """An audio topic and its type.

    Attributes:
        name: The topic.
        type: Its message type, a key of `ADAPTERS`.
        info: Topic that describes the audio of some types, '' without one.
        audio_format: Format of audio whose messages do not state it. None takes it from `info`.

    """

    name: str
    type: str = AUDIO_BLOCK_TYPE
    info: str = ''
    audio_format: AudioFormat | None = None

    @property
    def qos(self) -> QoSProfile:
        """QoS of the subscription. Other packages publish audio as sensor data: best effort matches every publisher."""
        return AUDIO_QOS if self.type == AUDIO_BLOCK_TYPE else BEST_EFFORT_AUDIO_QOS


class AudioTopicReader:
    """Decoder of the messages of one live topic.

    Attributes:
        topic: The topic.
        message_class: Class of its messages.
        info_class: Class of the messages that describe it. None if no info topic is needed.

    """

    def __init__(self, topic: AudioTopic) -> None:
        """Import the message classes.

        Raises:
            NodeError: The type is unknown, its package is not installed, or nothing gives the format of the audio.

        """
        adapter = ADAPTERS.get(topic.type)
        if adapter is None:
            msg = f'source.topic_type is {topic.type!r}: give one of {sorted(ADAPTERS)}.'
            raise NodeError(msg)
        described = bool(adapter.info_type and topic.info)
        if topic.audio_format is None and not described and (adapter.needs_audio_format or adapter.info_type):
            msg = f'{topic.type} does not state its sample rate: set source.topic_rate_hz'
            raise NodeError(f'{msg} or source.topic_info.' if adapter.info_type else f'{msg}.')
        self.topic = topic
        self.message_class = message_class(topic.type)
        needs_info = described and topic.audio_format is None
        self.info_class: Any = message_class(adapter.info_type) if needs_info else None
        self._decoder = AudioDecoder(topic.type, topic.audio_format)

    def set_audio_info(self, message: Any) -> None:
        """Take the format of the audio from an info message.

        Raises:
            NodeError: The audio is compressed, or its format is not supported.

        """
        try:
            self._decoder.set_audio_info(message)
        except BagError as error:
            raise NodeError(str(error)) from None

    def read(self, message: Any, now_ns: int) -> list[AudioBlock]:
        """Decode a message that arrives now, and return the blocks whose index it decides, in order.

        Raises:
            NodeError: The message is invalid or too large, a sample is NaN or infinite, or no info message has arrived
                yet.

        """
        size = _payload_bytes(message)
        if size > MAX_MESSAGE_BYTES:
            msg = (
                f'A message holds {size} bytes of audio, more than {MAX_MESSAGE_BYTES}: it is discarded. '
                'Set the driver to blocks of 5 to 100 ms.'
            )
            raise NodeError(msg)
        try:
            chunks = self._decoder.push(message, now_ns)
        except BagError as error:
            raise NodeError(str(error)) from None
        for chunk in chunks:
            duration_s = chunk.samples.shape[1] / chunk.sample_rate_hz
            if duration_s > MAX_BLOCK_S:
                msg = (
                    f'A message holds {duration_s:.1f} s of audio, more than {MAX_BLOCK_S:g} s: it is discarded. '
                    'Set the driver to blocks of 5 to 100 ms.'
                )
                raise NodeError(msg)
            if not chunk.is_finite:
                msg = f'Audio from sample {chunk.first_sample} on is not finite: repair its source.'
                raise NodeError(msg)
        return [chunk.to_block() for chunk in chunks]


def _payload_bytes(message: Any) -> int:
    """Return the bytes of the samples of a message: of its largest field, or of the largest one in `audio`."""
    largest = 0
    audio = getattr(message, 'audio', None)
    for holder in (message, audio, getattr(audio, 'audio_data', None)):
        for field in getattr(holder, '__slots__', ()):
            value: Any = getattr(holder, field, None)
            if hasattr(value, 'itemsize') and hasattr(value, '__len__'):
                largest = max(largest, len(value) * value.itemsize)
            elif isinstance(value, (bytes, bytearray)):
                largest = max(largest, len(value))
    return largest
