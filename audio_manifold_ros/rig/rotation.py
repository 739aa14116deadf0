# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Rotations: fixed-axis roll, pitch and yaw (REP-103), matrices and quaternions."""

from __future__ import annotations

import math

import numpy as np

from audio_manifold_ros.common.array_types import FloatArray


def rotation_matrix(rotation_rpy_rad: tuple[float, float, float]) -> FloatArray:
    """Return the matrix (3, 3) that maps vectors of the child frame to the parent: yaw after pitch after roll."""
    (cr, sr), (cp, sp), (cy, sy) = ((math.cos(angle), math.sin(angle)) for angle in rotation_rpy_rad)
    return np.array(
        [
            [cy * cp, cy * sp * sr - sy * cr, cy * sp * cr + sy * sr],
            [sy * cp, sy * sp * sr + cy * cr, sy * sp * cr - cy * sr],
            [-sp, cp * sr, cp * cr],
        ]
    )


def angle_between_deg(first: tuple[float, float, float], second: tuple[float, float, float]) -> float:
    """Return the angle (0 to 180 degrees) of the rotation from the first orientation to the second."""
    turn = rotation_matrix(first).T @ rotation_matrix(second)
    sine = np.linalg.norm([turn[2, 1] - turn[1, 2], turn[0, 2] - turn[2, 0], turn[1, 0] - turn[0, 1]]) / 2
    return math.degrees(math.atan2(float(sine), (float(np.trace(turn)) - 1) / 2))


def roll_pitch_yaw(rotation: FloatArray) -> tuple[float, float, float]:
    """Return the fixed-axis angles (REP-103) of a rotation (3, 3). Roll is 0 if pitch is a right angle."""
    flat = math.hypot(rotation[0, 0], rotation[1, 0])
    pitch = math.atan2(-rotation[2, 0], flat)
    if flat < 1e-9:
        return 0.0, pitch, math.atan2(-rotation[0, 1], rotation[1, 1])
    return math.atan2(rotation[2, 1], rotation[2, 2]), pitch, math.atan2(rotation[1, 0], rotation[0, 0])


def quaternion_from_rpy(rotation_rpy_rad: tuple[float, float, float]) -> tuple[float, float, float, float]:
    """Return fixed-axis roll, pitch and yaw (REP-103) in radians as a unit quaternion (x, y, z, w)."""
    (cr, sr), (cp, sp), (cy, sy) = ((math.cos(angle / 2), math.sin(angle / 2)) for angle in rotation_rpy_rad)
    return (
        sr * cp * cy - cr * sp * sy,
        cr * sp * cy + sr * cp * sy,
        cr * cp * sy - sr * sp * cy,
        cr * cp * cy + sr * sp * sy,
    )
