# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Topics and serialised messages of a bag, and the stamps of messages."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import NamedTuple

from audio_manifold_ros.common.units import NS_PER_S

LITTLE_ENDIAN = 1
ENCAPSULATION_BYTES, STAMP_END = 4, 12


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


def header_stamp_ns(data: bytes) -> int | None:
    """Return the stamp of a message whose first field is a header or a stamp.

    The stamp follows the encapsulation (OMG DDSI-RTPS 2.5, section 10). The second byte of the encapsulation gives the
    byte order.

    Args:
        data: Message in CDR.

    Returns:
        Nanoseconds, or None if the message is too short or its stamp is zero.

    """
    if len(data) < STAMP_END:
        return None
    order = '<iI' if data[1] & LITTLE_ENDIAN else '>iI'
    seconds, nanoseconds = struct.unpack_from(order, data, ENCAPSULATION_BYTES)
    return int(seconds) * NS_PER_S + int(nanoseconds) or None
