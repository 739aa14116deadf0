# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Interface of audio sources: device, topic, file and simulator."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from audio_manifold_ros.audio.block import AudioBlock


class SourceState(str, Enum):
    """State of a source."""

    CLOSED = 'closed'
    WAITING = 'waiting'
    STREAMING = 'streaming'
    LOST = 'lost'
    ENDED = 'ended'


@dataclass(frozen=True)
class SourceStatus:
    """State of a source, for diagnostics.

    Attributes:
        state: Current state.
        message: One sentence for the user: the fault and its remedy, or a description of the open source.
        samples_lost: Samples known to be lost since `open`, at the source's rate.
        overflows: Losses reported by the device since `open`.
        restarts: Times that the source reopened its device since `open`.
        problem: Fault of the stream and its remedy, while blocks may still come. Empty without one.

    """

    state: SourceState
    message: str
    samples_lost: int = 0
    overflows: int = 0
    restarts: int = 0
    problem: str = ''


class AudioSource(Protocol):
    """A stream of audio blocks.

    `open` and `close` can be repeated. `close` on a closed source does nothing. A source that loses its device stays
    open, reports `LOST`, and continues by itself when the device is available again.
    """

    @property
    def sample_rate_hz(self) -> int:
        """Rate of the blocks while the source is open.

        Raises:
            AudioError: The format comes with the stream, and no block has arrived yet.

        """

    @property
    def channels(self) -> int:
        """Channels of the blocks while the source is open.

        Raises:
            AudioError: The format comes with the stream, and no block has arrived yet.

        """

    def open(self) -> None:
        """Start the stream.

        Raises:
            AudioError: The source cannot work as configured.

        """

    def read(self, timeout_s: float) -> AudioBlock | None:
        """Return the next block, or None if none arrived in time or the stream has ended."""

    def close(self) -> None:
        """Stop the stream and release all resources."""

    def status(self) -> SourceStatus:
        """Return the state of the source."""
