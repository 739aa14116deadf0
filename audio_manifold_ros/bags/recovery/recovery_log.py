# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Results of the recovery of a storage file: messages, counts and damaged ranges."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from audio_manifold_ros.bags.storage.bag_message import BagTopic


class RecoveredMessage(NamedTuple):
    """One intact message.

    Attributes:
        topic: Topic of the message. Its `count` is not used.
        time_ns: Time of recording.
        data: Serialised message (CDR).

    """

    topic: BagTopic
    time_ns: int
    data: bytes


@dataclass(frozen=True)
class DamagedRange:
    """One damaged range of a file.

    Attributes:
        file: Name of the storage file.
        offset: First byte.
        lost_bytes: Number of bytes that could not be used.
        reason: Description of the damage.

    """

    file: str
    offset: int
    lost_bytes: int
    reason: str

    def __str__(self) -> str:
        """Return one line of text."""
        return f'{self.file}: {self.reason} at byte {self.offset}: {self.lost_bytes} bytes lost'


@dataclass
class RecoveryLog:
    """Counts and damage of one file. Filled while its messages are iterated.

    Attributes:
        file: Name of the storage file.
        kept: Number of recovered messages.
        unverified: Number of these messages without a checksum.
        expected_messages: Number of messages in the index of the file. None if the index is lost.
        damages: Damaged ranges, in order.
        custom: Custom data of the file.
        topics: Topics of the file, including topics without messages.

    """

    file: str
    kept: int = 0
    unverified: int = 0
    expected_messages: int | None = None
    damages: list[DamagedRange] = field(default_factory=list)
    custom: dict[str, str] = field(default_factory=dict)
    topics: list[BagTopic] = field(default_factory=list)

    def add_damage(self, offset: int, lost_bytes: int, reason: str) -> None:
        """Add a damaged range."""
        self.damages.append(DamagedRange(self.file, offset, lost_bytes, reason))
