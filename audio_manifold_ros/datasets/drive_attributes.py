# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What sets a drive apart from one that was recorded whole, with depth in metres."""

from __future__ import annotations

from dataclasses import dataclass

from audio_manifold_ros.common.errors import DatasetError

METRES, RELATIVE = 'm', 'relative'
DEPTH_UNITS = (METRES, RELATIVE)


@dataclass(frozen=True)
class DriveAttributes:
    """What a reader must know before it takes the numbers of a drive for what they usually are.

    Attributes:
        missing_channels: Device channels that were never recorded, rising; their audio is zeros.
        depth_unit: `m`, or `relative`: depth is proportional to metres by a factor that nobody knows, as the inverse of
            a teacher's disparity is.

    """

    missing_channels: tuple[int, ...] = ()
    depth_unit: str = METRES

    def __post_init__(self) -> None:
        """Refuse what makes no sense.

        Raises:
            DatasetError: The unit is unknown, or channels are negative, repeat or do not rise.

        """
        if self.depth_unit not in DEPTH_UNITS:
            msg = f'depth_unit is {self.depth_unit!r}: give one of {DEPTH_UNITS}.'
            raise DatasetError(msg)
        channels = self.missing_channels
        if list(channels) != sorted(set(channels)) or min(channels, default=0) < 0:
            msg = f'missing_channels are {channels!r}: give device channels from 0, rising, each once.'
            raise DatasetError(msg)

    @property
    def is_default(self) -> bool:
        """Whether a reader that knows nothing of traits reads the drive as it is meant."""
        return self == DriveAttributes()
