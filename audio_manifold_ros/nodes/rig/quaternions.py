# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Rotations as ROS messages want them."""

from __future__ import annotations

import math


def quaternion_from_rpy(rotation_rpy_rad: tuple[float, float, float]) -> tuple[float, float, float, float]:
    """Turn fixed-axis roll, pitch and yaw (REP-103) into a unit quaternion (x, y, z, w)."""
    (cr, sr), (cp, sp), (cy, sy) = ((math.cos(angle / 2), math.sin(angle / 2)) for angle in rotation_rpy_rad)
    return (
        sr * cp * cy - cr * sp * sy,
        cr * sp * cy + sr * cp * sy,
        cr * cp * sy - sr * sp * cy,
        cr * cp * cy + sr * sp * sy,
    )
