# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A topic that is recorded, and access to stamps, audio and sequence numbers of its serialised messages."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rclpy.serialization import deserialize_message

from audio_manifold_ros.bags.decoding.audio_message_adapters import ADAPTERS
from audio_manifold_ros.bags.storage.bag_message import header_stamp_ns
from audio_manifold_ros.common.errors import BagError
from audio_manifold_ros.nodes.common.message_class import message_class

if TYPE_CHECKING:
    from audio_manifold_ros.bags.decoding.audio_chunk import AudioChunk

NO_SEQUENCE_NUMBER = 2**64 - 1


@dataclass
class RecordedTopic:
    """One topic.

    Attributes:
        name: Fully qualified name.
        type: Message type, for example `sensor_msgs/msg/Image`.
        qos_profiles: Profiles of its publishers, as text for the metadata of a bag.
        latched: True if new subscribers receive the last messages.
        publishers: Current number of publishers.
        message_class: Class of its messages.
        has_header: True if its messages start with a header.

    """

    name: str
    type: str
    qos_profiles: str
    latched: bool
    publishers: int = 1
    message_class: Any = field(init=False)
    has_header: bool = field(init=False)
    _sequence_number: int | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        """Import the message class.

        Raises:
            NodeError: The package of the type is not installed.

        """
        self.message_class = message_class(self.type)
        fields = list(self.message_class.get_fields_and_field_types().values())
        self.has_header = bool(fields) and fields[0] == 'std_msgs/Header'

    @property
    def is_audio(self) -> bool:
        """True if the messages are audio that describes its own format completely."""
        adapter = ADAPTERS.get(self.type)
        return adapter is not None and not adapter.info_type and not adapter.needs_audio_format

    def stamp_ns(self, data: bytes) -> int | None:
        """Return the stamp of a serialised message; None without a header, or if the stamp is not set."""
        return header_stamp_ns(data) if self.has_header else None

    def chunk(self, data: bytes, time_ns: int) -> AudioChunk:
        """Return the audio of a serialised message.

        Args:
            data: The message in CDR.
            time_ns: Receive time, used by types without a stamp.

        Raises:
            BagError: The message is invalid.

        """
        try:
            message = deserialize_message(data, self.message_class)
        except RuntimeError as error:
            msg = f'{self.name}: {len(data)} bytes are not a valid {self.type} ({error}): fix the publisher.'
            raise BagError(msg) from None
        return ADAPTERS[self.type].read_chunk(message, time_ns)

    def lost_before(self, number: int) -> int:
        """Return the number of messages lost before the message with a sequence number of its publisher.

        Returns 0 if the topic has several publishers, because their numbers cannot be distinguished, and if the
        middleware provides no numbers.
        """
        before, self._sequence_number = self._sequence_number, None
        if number == NO_SEQUENCE_NUMBER or self.publishers != 1:
            return 0
        self._sequence_number = number
        return max(number - before - 1, 0) if before is not None else 0
