# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a bag holds: topics and serialised messages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True)
class BagTopic:
    """One topic with one type.

    Attributes:
        name: As recorded, for example `/audio`.
        type: Message type, for example `sensor_msgs/msg/Image`.
        count: Messages in the bag.
        qos_profiles: Offered QoS as rosbag2 writes it up to version 8: a YAML list, or nothing.
        definition: Text of the message definition that the bag holds, or nothing.

    """

    name: str
    type: str
    count: int
    qos_profiles: str = ''
    definition: str = ''


class BagMessage(NamedTuple):
    """One message as recorded.

    Attributes:
        topic: Name of its topic.
        type: Message type.
        time_ns: When it was recorded.
        data: Serialised (CDR) with its four bytes of encapsulation.
        definition: Text of the message definition that its file holds, or nothing.

    """

    topic: str
    type: str
    time_ns: int
    data: bytes
    definition: str = ''
