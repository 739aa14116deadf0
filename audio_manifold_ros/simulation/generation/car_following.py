# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Motion of the vehicles of one lane: the Intelligent Driver Model (Treiber, Hennecke and Helbing 2000)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.array_types import FloatArray
from audio_manifold_ros.simulation.compiled import compiled
from audio_manifold_ros.simulation.generation import statistics

STEP_S = 0.1
WARM_UP_S = 25.0
# Sound that arrives at time zero was emitted up to 0.5 s earlier.
LEAD_S = 1.0
HARDEST_BRAKING_MPS2 = 7.0
COMFORTABLE_STOP_MPS2 = 4.0
# Vehicles stop closer to a line than to a vehicle.
NEARER_M = 1.0


def knot_times_s(duration_s: float) -> FloatArray:
    """Return the times (step,) of the simulation, warm-up included, for a street of this duration."""
    first, last = round(-(WARM_UP_S + LEAD_S) / STEP_S), round((duration_s + LEAD_S) / STEP_S)
    return np.asarray(np.arange(first, last + 1) * STEP_S, dtype=np.float64)


@dataclass(frozen=True)
class Drivers:
    """Vehicles of a lane from the first to the last, with their drivers.

    Attributes:
        starts_m: Centres (vehicle,) along the lane at the start, decreasing.
        lengths_m: Lengths (vehicle,).
        speeds_mps: Desired speeds (vehicle,). A vehicle with 0 stays where it is.
        habits: Headway, acceleration, braking and gap at standstill (vehicle, 4).
        slow_mps: Desired speeds (vehicle,) up to `slow_until_m`.
        slow_until_m: End (vehicle,) of the slow part.

    """

    starts_m: FloatArray
    lengths_m: FloatArray
    speeds_mps: FloatArray
    habits: FloatArray
    slow_mps: FloatArray
    slow_until_m: FloatArray

    @classmethod
    def sample(
        cls, rng: np.random.Generator, starts_m: list[float], lengths_m: list[float], speeds_mps: list[float]
    ) -> Drivers:
        """Sample the habits of the drivers."""
        low, high = np.array(
            [
                statistics.HEADWAY_S,
                statistics.ACCELERATION_MPS2,
                statistics.BRAKING_MPS2,
                statistics.STANDSTILL_GAP_M,
            ]
        ).T
        habits = rng.uniform(low, high, size=(len(starts_m), 4))
        speeds = np.array(speeds_mps, dtype=np.float64)
        never = np.full(len(starts_m), -1e9)
        return cls(np.array(starts_m, dtype=np.float64), np.array(lengths_m), speeds, habits, speeds.copy(), never)


@dataclass(frozen=True)
class StopLines:
    """Stop lines of a lane.

    Attributes:
        places_m: Positions (line,) along the lane.
        closed: True (step, line) while vehicles must stop.

    """

    places_m: FloatArray
    closed: NDArray[np.bool_]

    @classmethod
    def none(cls, steps: int) -> StopLines:
        """Return no stop lines."""
        return cls(np.zeros(0), np.zeros((steps, 0), dtype=bool))


def drive_lane(drivers: Drivers, lines: StopLines, leader_mps: FloatArray | None = None) -> FloatArray:
    """Simulate a lane.

    Args:
        drivers: Vehicles and drivers.
        lines: Stop lines with their schedule.
        leader_mps: Desired speed (step,) of the first vehicle; None for its constant desired speed.

    Returns:
        Position, speed and acceleration (3, step, vehicle).

    """
    motion = np.zeros((3, len(lines.closed), len(drivers.starts_m)))
    if len(drivers.starts_m) == 0:
        return motion
    leader = np.full(len(lines.closed), -1.0) if leader_mps is None else leader_mps
    columns = (drivers.lengths_m, drivers.speeds_mps, drivers.slow_mps, drivers.slow_until_m)
    table = np.ascontiguousarray(np.column_stack([drivers.starts_m, *columns, drivers.habits]))
    _drive(table, lines.places_m, np.ascontiguousarray(lines.closed), leader, motion)
    return motion


@compiled('f8(f8, f8, f8, f8, f8[::1])')
def _acceleration(speed: float, desired: float, gap: float, approach: float, habits: FloatArray) -> float:
    """Return the acceleration of the Intelligent Driver Model, for a gap to an object and the approach speed."""
    free = 1.0 - (speed / max(desired, 0.1)) ** 4
    desired_gap = habits[3] + max(0.0, speed * habits[0] + speed * approach / (2.0 * math.sqrt(habits[1] * habits[2])))
    return float(habits[1] * (free - (desired_gap / max(gap, 0.1)) ** 2))


@compiled('void(f8[:, ::1], f8[::1], b1[:, ::1], f8[::1], f8[:, :, ::1])')
def _drive(
    table: FloatArray, lines: FloatArray, closed: NDArray[np.bool_], leader: FloatArray, motion: FloatArray
) -> None:
    steps, vehicles = motion.shape[1], motion.shape[2]
    for vehicle in range(vehicles):
        motion[0, 0, vehicle], motion[1, 0, vehicle] = table[vehicle, 0], table[vehicle, 2]
    for step in range(1, steps):
        for vehicle in range(vehicles):
            place, speed = motion[0, step - 1, vehicle], motion[1, step - 1, vehicle]
            if table[vehicle, 2] == 0.0:
                motion[0, step, vehicle] = place
                continue
            front = place + table[vehicle, 1] / 2
            desired = table[vehicle, 3] if place < table[vehicle, 4] else table[vehicle, 2]
            if vehicle == 0 and leader[step] >= 0.0:
                desired = leader[step]
            habits = table[vehicle, 5:]
            change = _acceleration(speed, desired, 1e6, 0.0, habits)
            if vehicle > 0:
                gap = motion[0, step - 1, vehicle - 1] - table[vehicle - 1, 1] / 2 - front
                approach = speed - motion[1, step - 1, vehicle - 1]
                change = min(change, _acceleration(speed, desired, gap, approach, habits))
            for line in range(len(lines)):
                gap = lines[line] - front
                if closed[step, line] and gap > 0.0 and speed * speed < 2.0 * COMFORTABLE_STOP_MPS2 * gap:
                    change = min(change, _acceleration(speed, desired, gap + NEARER_M, speed, habits))
            change = max(change, -HARDEST_BRAKING_MPS2)
            after = max(0.0, speed + change * STEP_S)
            motion[2, step - 1, vehicle] = (after - speed) / STEP_S
            motion[1, step, vehicle] = after
            motion[0, step, vehicle] = place + (speed + after) / 2 * STEP_S
    for vehicle in range(vehicles):
        motion[2, steps - 1, vehicle] = motion[2, max(steps - 2, 0), vehicle]
