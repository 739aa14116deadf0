# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Rotations as fixed-axis roll, pitch and yaw (REP-103)."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray


def rotation_matrix(rotation_rpy_rad: tuple[float, float, float]) -> NDArray[np.float64]:
    """Return the matrix (3, 3) that turns vectors of the child frame into the parent's: yaw after pitch after roll."""
    (cr, sr), (cp, sp), (cy, sy) = ((math.cos(angle), math.sin(angle)) for angle in rotation_rpy_rad)
    return np.array(
        [
            [cy * cp, cy * sp * sr - sy * cr, cy * sp * cr + sy * sr],
            [sy * cp, sy * sp * sr + cy * cr, sy * sp * cr - cy * sr],
            [-sp, cp * sr, cp * cr],
        ]
    )


def angle_between_deg(first: tuple[float, float, float], second: tuple[float, float, float]) -> float:
    """Return the angle (0 to 180 degrees) of the one rotation that leads from the first to the second."""
    turn = rotation_matrix(first).T @ rotation_matrix(second)
    sine = np.linalg.norm([turn[2, 1] - turn[1, 2], turn[0, 2] - turn[2, 0], turn[1, 0] - turn[0, 1]]) / 2
    return math.degrees(math.atan2(float(sine), (float(np.trace(turn)) - 1) / 2))
