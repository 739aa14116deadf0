# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Position and motion of a vehicle relative to the robot at one instant."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class VehicleObservation:
    """Vehicle in traffic around the robot.

    Attributes:
        class_id: Cityscapes train id.
        azimuth_rad: Direction of its centre in base_link, from ahead to the left, -π to π.
        distance_m: Horizontal distance of its centre from base_link.
        is_hidden: True without a line of sight to any part of it.
        speed_mps: Speed over the ground. It is zero in a queue.

    """

    class_id: int
    azimuth_rad: float
    distance_m: float
    is_hidden: bool
    speed_mps: float

    def seen_from(self, x_m: float, y_m: float) -> VehicleObservation:
        """Return the observation from another point of base_link, in the same axes."""
        ahead_m = self.distance_m * math.cos(self.azimuth_rad) - x_m
        left_m = self.distance_m * math.sin(self.azimuth_rad) - y_m
        return replace(self, azimuth_rad=math.atan2(left_m, ahead_m), distance_m=math.hypot(ahead_m, left_m))
