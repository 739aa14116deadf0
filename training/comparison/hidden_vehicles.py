# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Vehicles on cross streets that are hidden and then come into the line of sight."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from audio_manifold_ros.simulation.line_of_sight import RANGE_M, TrafficTruth
from training.data.vehicle_arrays import MOVING_MPS

if TYPE_CHECKING:
    from audio_manifold_ros.simulation.scene import Street

STEP_S = 0.1


@dataclass(frozen=True)
class HiddenVehicle:
    """A vehicle on a cross street that comes into the line of sight.

    Attributes:
        index: Index in `Street.vehicles`.
        seen_s: First instant in the line of sight.

    """

    index: int
    seen_s: float


def hidden_vehicles(street: Street, first_s: float, end_s: float, hidden_s: float) -> list[HiddenVehicle]:
    """Return the vehicles that come into the line of sight, in order.

    Each of them is hidden within `RANGE_M` for at least `hidden_s` before that, and has not been seen earlier. At the
    start of this time it moves on an arm of a junction.

    Args:
        street: The street.
        first_s: Earliest instant at which a vehicle comes into the line of sight.
        end_s: End of the drive.
        hidden_s: Time for which a vehicle is hidden before.

    """
    if not street.junctions:
        return []
    truth = TrafficTruth(street)
    seen: dict[int, int] = {}
    hidden: defaultdict[int, set[int]] = defaultdict(set)
    for step in range(round(end_s / STEP_S)):
        for index, vehicle in truth.by_index(step * STEP_S).items():
            if vehicle.is_hidden:
                hidden[index].add(step)
            else:
                seen.setdefault(index, step)
    steps = round(hidden_s / STEP_S)
    return [
        HiddenVehicle(index, step * STEP_S)
        for index, step in sorted(seen.items(), key=lambda item: item[1])
        if step * STEP_S >= first_s
        and hidden[index].issuperset(range(step - steps, step))
        and is_on_cross_street(street, index, (step - steps) * STEP_S)
    ]


def is_on_cross_street(street: Street, index: int, time_s: float) -> bool:
    """Return whether a vehicle moves on an arm of a junction at a time."""
    times_s = np.array([time_s])
    trajectory = street.vehicles[index].trajectory
    if np.linalg.norm(trajectory.velocity(times_s)[0]) <= MOVING_MPS:
        return False
    position_m = trajectory.position(times_s)[0, :2]
    for junction in street.junctions:
        centre_m, heading_rad = street.axis.to_world(np.array(junction.station_m))
        ahead = np.array([np.cos(heading_rad), np.sin(heading_rad)])
        offset_m = position_m - centre_m
        along_m, left_m = float(offset_m @ ahead), float(offset_m @ np.array([-ahead[1], ahead[0]]))
        is_off_road = not -street.road_right_m <= left_m <= street.road_left_m
        if is_off_road and abs(along_m) <= junction.half_road_m and abs(left_m) <= junction.reach_m + RANGE_M:
            return True
    return False
