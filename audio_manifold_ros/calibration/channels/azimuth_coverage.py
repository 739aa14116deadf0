# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Sounds must come from all sides: else a microphone that is late looks like one that sits elsewhere."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.errors import CalibrationError

MAX_GAP_RAD = np.radians(150)


def check_azimuth_coverage(azimuths_rad: NDArray[np.float64]) -> None:
    """Refuse sounds (sound,) that leave a side open.

    Raises:
        CalibrationError: They do.

    """
    azimuths = np.sort(np.mod(azimuths_rad, 2 * np.pi))
    max_gap_rad = float(np.diff(np.append(azimuths, azimuths[0] + 2 * np.pi)).max())
    if max_gap_rad > MAX_GAP_RAD:
        msg = (
            f'The sounds leave {np.degrees(max_gap_rad):.0f} degrees without one: go all round the array; a microphone that '
            'sits elsewhere cannot be told from one that is late.'
        )
        raise CalibrationError(msg)
