# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What every origin of audio offers to the pipeline: device, topic, file, simulator."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from audio_manifold_ros.audio.block import AudioBlock


class SourceState(str, Enum):
    """What a source is doing."""

    CLOSED = 'closed'
    WAITING = 'waiting'
    STREAMING = 'streaming'
    LOST = 'lost'
    ENDED = 'ended'


@dataclass(frozen=True)
class SourceStatus:
    """A source's condition, for diagnostics.

    Attributes:
        state: What the source is doing now.
        message: One sentence for a person: what is wrong and what to do, or what is open.
        samples_lost: Samples known to be lost since `open`, at the source's rate.
        overflows: Times the device reported a loss since `open`.
        restarts: Times the source reopened its device since `open`.

    """

    state: SourceState
    message: str
    samples_lost: int = 0
    overflows: int = 0
    restarts: int = 0


class AudioSource(Protocol):
    """A stream of audio blocks.

    `open` and `close` can be repeated; `close` on a closed source does nothing. A source that loses its
    device stays open, reports `LOST`, and goes on by itself when the device is back.
    """

    @property
    def sample_rate_hz(self) -> int:
        """Rate of the blocks; known once open."""

    @property
    def channels(self) -> int:
        """Channels of the blocks; known once open."""

    def open(self) -> None:
        """Start the stream.

        Raises:
            AudioError: The source cannot work as configured.

        """

    def read(self, timeout_s: float) -> AudioBlock | None:
        """Return the next block, or None if none came in time or the stream has ended."""

    def close(self) -> None:
        """Stop the stream and release all it took."""

    def status(self) -> SourceStatus:
        """Return the source's condition."""
