# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Topics and serialised messages of a bag."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True)
class BagTopic:
    """A topic with one message type.

    Attributes:
        name: Name as recorded, for example `/audio`.
        type: Message type, for example `sensor_msgs/msg/Image`.
        count: Number of messages in the bag.
        qos_profiles: Offered QoS as rosbag2 writes it up to version 8: a YAML list, or an empty string.
        definition: Text of the message definition in the bag, or an empty string.

    """

    name: str
    type: str
    count: int
    qos_profiles: str = ''
    definition: str = ''


class BagMessage(NamedTuple):
    """A recorded message.

    Attributes:
        topic: Name of its topic.
        type: Message type.
        time_ns: Time of recording.
        data: Serialised message (CDR), including the four bytes of encapsulation.
        definition: Text of the message definition in the file, or an empty string.

    """

    topic: str
    type: str
    time_ns: int
    data: bytes
    definition: str = ''
