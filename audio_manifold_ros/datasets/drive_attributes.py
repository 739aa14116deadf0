# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Attributes of drives that differ from the default: channels without a recording, and depth of unknown scale."""

from __future__ import annotations

from dataclasses import dataclass

from audio_manifold_ros.common.errors import DatasetError

METRES, RELATIVE = 'm', 'relative'
DEPTH_UNITS = (METRES, RELATIVE)


@dataclass(frozen=True)
class DriveAttributes:
    """Properties of a drive that change the meaning of its values.

    Attributes:
        missing_channels: Device channels that were never recorded, in increasing order. Their audio is zeros.
        depth_unit: `m`, or `relative` for depth that is metres times an unknown factor, such as the inverse of a
            teacher's
            disparity.

    """

    missing_channels: tuple[int, ...] = ()
    depth_unit: str = METRES

    def __post_init__(self) -> None:
        """Validate the values.

        Raises:
            DatasetError: The unit is unknown, or channels are negative, repeated or not in increasing order.

        """
        if self.depth_unit not in DEPTH_UNITS:
            msg = f'depth_unit is {self.depth_unit!r}: give one of {DEPTH_UNITS}.'
            raise DatasetError(msg)
        channels = self.missing_channels
        if list(channels) != sorted(set(channels)) or min(channels, default=0) < 0:
            msg = f'missing_channels are {channels!r}: give device channels from 0 in increasing order, each once.'
            raise DatasetError(msg)

    @property
    def is_default(self) -> bool:
        """True for a drive with all channels recorded and depth in metres."""
        return self == DriveAttributes()
