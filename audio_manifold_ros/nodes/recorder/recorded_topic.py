# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A topic on its way into a bag, and what can be read of its messages without a full look at them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rclpy.serialization import deserialize_message

from audio_manifold_ros.bags.decoding.audio_message_adapters import ADAPTERS
from audio_manifold_ros.bags.storage.header_stamp import header_stamp_ns
from audio_manifold_ros.common.errors import BagError
from audio_manifold_ros.nodes.common.message_class import message_class

if TYPE_CHECKING:
    from audio_manifold_ros.bags.decoding.audio_chunk import AudioChunk

NO_SEQUENCE_NUMBER = 2**64 - 1


@dataclass
class RecordedTopic:
    """One topic.

    Attributes:
        name: Its full name.
        type: Its type, for example `sensor_msgs/msg/Image`.
        qos_profiles: What its publishers offer, as a bag keeps it.
        latched: Late subscribers receive the last messages.
        publishers: How many publish it now.
        message_class: Class of its messages.
        has_header: Its messages begin with a header.

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
        """Import the class of the messages.

        Raises:
            NodeError: The package of the type is not installed.

        """
        self.message_class = message_class(self.type)
        fields = list(self.message_class.get_fields_and_field_types().values())
        self.has_header = bool(fields) and fields[0] == 'std_msgs/Header'

    @property
    def is_audio(self) -> bool:
        """Whether the messages describe their sound completely."""
        adapter = ADAPTERS.get(self.type)
        return adapter is not None and not adapter.info_type and not adapter.needs_audio_format

    def stamp_ns(self, data: bytes) -> int | None:
        """Return the stamp of a serialised message; None for messages without a header, or one never stamped."""
        return header_stamp_ns(data) if self.has_header else None

    def chunk(self, data: bytes, time_ns: int) -> AudioChunk:
        """Return the sound of a serialised message.

        Raises:
            BagError: The message makes no sense.

        """
        try:
            message = deserialize_message(data, self.message_class)
        except RuntimeError as error:
            msg = f'{self.name}: a message of {len(data)} bytes is no {self.type} ({error}): mend its source.'
            raise BagError(msg) from None
        return ADAPTERS[self.type].read_chunk(message, time_ns)

    def lost_before(self, number: int) -> int:
        """Return how many messages are missing before the one with a number that its publisher counts.

        Numbers of several publishers cannot be told apart, and middleware that does not count gives none.
        """
        before, self._sequence_number = self._sequence_number, None
        if number == NO_SEQUENCE_NUMBER or self.publishers != 1:
            return 0
        self._sequence_number = number
        return max(number - before - 1, 0) if before is not None else 0
