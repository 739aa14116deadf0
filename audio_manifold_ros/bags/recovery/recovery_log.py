# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What salvaging a damaged storage file yields: messages, and an account of what could not be saved."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from audio_manifold_ros.bags.storage.bag_message import BagTopic


class RecoveredMessage(NamedTuple):
    """One whole message.

    Attributes:
        topic: Where it belongs; `count` says nothing.
        time_ns: When it was recorded.
        data: Serialised (CDR).

    """

    topic: BagTopic
    time_ns: int
    data: bytes


@dataclass(frozen=True)
class DamagedRange:
    """One place where something was lost.

    Attributes:
        file: Name of the storage file.
        offset: Byte where it begins.
        lost_bytes: Bytes that could not be used.
        reason: What is wrong there.

    """

    file: str
    offset: int
    lost_bytes: int
    reason: str

    def __str__(self) -> str:
        """Return one line for people."""
        return f'{self.file}: {self.reason} at byte {self.offset}: {self.lost_bytes} bytes lost'


@dataclass
class RecoveryLog:
    """What happened while one file was read; filled while its messages are taken.

    Attributes:
        file: Name of the storage file.
        kept: Messages saved.
        unverified: Of these, messages that no checksum vouches for.
        expected_messages: Messages that the file's own index claims, None if that is lost too.
        damages: Where something was lost, in order.
        custom: Custom data found.
        topics: Topics found, those without messages included.

    """

    file: str
    kept: int = 0
    unverified: int = 0
    expected_messages: int | None = None
    damages: list[DamagedRange] = field(default_factory=list)
    custom: dict[str, str] = field(default_factory=dict)
    topics: list[BagTopic] = field(default_factory=list)

    def add_damage(self, offset: int, lost_bytes: int, reason: str) -> None:
        """Note a damage."""
        self.damages.append(DamagedRange(self.file, offset, lost_bytes, reason))
