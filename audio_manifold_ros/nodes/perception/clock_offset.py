# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Offset between the clock of the audio and the clock of the camera."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_manifold_ros.common.units import NS_PER_S
from audio_manifold_ros.rig.extrinsics import EXTRINSICS_FILE, Extrinsics

if TYPE_CHECKING:
    from pathlib import Path


def camera_offset_ns(rig: Path) -> int:
    """Return the nanoseconds to add to an audio stamp to get the camera's time; 0 without extrinsics.

    Args:
        rig: Folder of the rig.

    Raises:
        RigError: The extrinsics cannot be used.

    """
    path = rig / EXTRINSICS_FILE
    return round(Extrinsics.from_yaml(path).audio_time_offset_s * NS_PER_S) if path.is_file() else 0
