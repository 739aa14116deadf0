# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Azimuth coverage: rejects measurements whose sources leave a side of the array open.

Without sources on all sides, a delayed channel cannot be distinguished from a microphone at another position.
"""

from __future__ import annotations

import numpy as np

from audio_manifold_ros.common.array_types import FloatArray
from audio_manifold_ros.common.errors import CalibrationError

MAX_GAP_RAD = np.radians(150)


def check_azimuth_coverage(azimuths_rad: FloatArray) -> None:
    """Check that the sources leave no gap of more than 150 degrees in azimuth.

    Args:
        azimuths_rad: Azimuth of each source (source,).

    Raises:
        CalibrationError: The largest gap is too wide.

    """
    azimuths = np.sort(np.mod(azimuths_rad, 2 * np.pi))
    max_gap_rad = float(np.diff(np.append(azimuths, azimuths[0] + 2 * np.pi)).max())
    if max_gap_rad > MAX_GAP_RAD:
        msg = (
            f'The sources leave {np.degrees(max_gap_rad):.0f} degrees without one, and a microphone elsewhere '
            'cannot be distinguished from a delayed channel: make sounds on all sides of the array.'
        )
        raise CalibrationError(msg)
