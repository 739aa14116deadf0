# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Vehicles in traffic around the ego vehicle, with their line of sight: the truth for a detector all round."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.array_types import FloatArray
from audio_manifold_ros.common.class_ids import BICYCLE, BUILDING, BUS, CAR, MOTORCYCLE, TRAIN, TRUCK
from audio_manifold_ros.modalities.vehicle_observation import VehicleObservation
from audio_manifold_ros.simulation.compiled import compiled
from audio_manifold_ros.simulation.motion_table import MotionTable
from audio_manifold_ros.simulation.ray_geometry import Solids, street_boxes
from audio_manifold_ros.simulation.scene import Street
from audio_manifold_ros.simulation.vehicle import VehicleKind

RANGE_M = 50.0
# A vehicle whose centre is this much further away may still hide another one: half of a tram, and a margin.
LONGEST_M = 20.0
EYE_HEIGHT_M = 1.6
CLASS_IDS = {
    VehicleKind.CAR: CAR,
    VehicleKind.VAN: CAR,
    VehicleKind.TRUCK: TRUCK,
    VehicleKind.BUS: BUS,
    VehicleKind.MOTORCYCLE: MOTORCYCLE,
    VehicleKind.TRAM: TRAIN,
    VehicleKind.BICYCLE: BICYCLE,
}
# Points of a vehicle as fractions of length, width and height. A vehicle is hidden if all of them are.
_POINTS = np.array([(x, y, z) for x in (-0.45, 0.0, 0.45) for y in (-0.4, 0.4) for z in (0.5, 0.9)], dtype=np.float64)


class TrafficTruth:
    """Observations of the vehicles in traffic. Buildings and vehicles, parked ones included, hide what is behind."""

    def __init__(self, street: Street) -> None:
        """Stack the trajectories of all vehicles."""
        self._ego = street.ego
        self._vehicles = street.vehicles
        self._motions = MotionTable([vehicle.trajectory for vehicle in street.vehicles])
        sizes = [(vehicle.length_m, vehicle.width_m, vehicle.height_m) for vehicle in street.vehicles]
        self._sizes_m = np.array(sizes).reshape(-1, 3)
        self._bodies = Solids.from_rows(
            [
                (0.0, 0.0, height / 2, 1.0, 0.0, length / 2, width / 2, height / 2, CLASS_IDS[vehicle.kind])
                for vehicle, (length, width, height) in zip(street.vehicles, sizes, strict=True)
            ]
        )
        boxes = street_boxes(street)
        self._buildings = np.ascontiguousarray(boxes.shapes[boxes.labels == BUILDING])
        self._in_traffic = np.array([vehicle.is_in_traffic for vehicle in street.vehicles], dtype=bool)

    def at(self, time_s: float) -> tuple[VehicleObservation, ...]:
        """Return all vehicles in traffic within `RANGE_M`, the nearest first. Parked vehicles are left out."""
        return tuple(sorted(self.by_index(time_s).values(), key=lambda one: one.distance_m))

    def by_index(self, time_s: float) -> dict[int, VehicleObservation]:
        """Return the vehicles of `at` by their index in `Street.vehicles`."""
        if not self._vehicles:
            return {}
        base_m = self._ego.position_m(time_s)
        yaw_rad = float(self._ego.heading(np.array([time_s]))[0])
        poses = self._motions.poses(time_s)
        offsets = poses[:, :2] - base_m[:2]
        distances_m = np.hypot(offsets[:, 0], offsets[:, 1])
        near = np.flatnonzero(self._in_traffic & (distances_m <= RANGE_M))
        if not len(near):
            return {}
        azimuths = np.arctan2(offsets[:, 1], offsets[:, 0]) - yaw_rad
        hidden = self._hidden(near, poses, base_m + np.array([0.0, 0.0, EYE_HEIGHT_M]), distances_m)
        return {
            index: VehicleObservation(
                CLASS_IDS[self._vehicles[index].kind],
                math.remainder(float(azimuths[index]), 2 * math.pi),
                float(distances_m[index]),
                bool(is_hidden),
                float(np.hypot(*poses[index, 3:])),
            )
            for index, is_hidden in zip(near.tolist(), hidden, strict=True)
        }

    def _hidden(
        self, near: NDArray[np.intp], poses: FloatArray, eye_m: FloatArray, distances_m: FloatArray
    ) -> NDArray[np.bool_]:
        """Return which of the vehicles `near` are hidden from a point."""
        close = np.flatnonzero(distances_m < RANGE_M + LONGEST_M)
        shapes = self._bodies.placed(np.arange(len(poses)), poses).shapes[close]
        own = np.searchsorted(close, near)
        local = _POINTS * self._sizes_m[near][:, None]
        cos, sin = shapes[own, 3, None], shapes[own, 4, None]
        points = np.empty_like(local)
        points[..., 0] = poses[near, 0, None] + cos * local[..., 0] - sin * local[..., 1]
        points[..., 1] = poses[near, 1, None] + sin * local[..., 0] + cos * local[..., 1]
        points[..., 2] = local[..., 2]
        hidden = np.zeros(len(near), dtype=bool)
        for row, index in enumerate(own.tolist()):
            others = np.ascontiguousarray(np.concatenate([shapes[:index], shapes[index + 1 :], self._buildings]))
            hidden[row] = all_blocked(eye_m, points[row], others)
        return hidden


@compiled('b1(f8[::1], f8[:, ::1], f8[:, ::1])')
def all_blocked(eye: FloatArray, points: FloatArray, shapes: FloatArray) -> bool:
    """Return whether a box blocks the line of sight to each point.

    Args:
        eye: Position of the observer (3,).
        points: Points (point, 3).
        shapes: Boxes (box, 8), as in `Solids`.

    """
    for point in range(len(points)):
        blocked = False
        for box in range(len(shapes)):
            cos, sin = shapes[box, 3], shapes[box, 4]
            x, y = eye[0] - shapes[box, 0], eye[1] - shapes[box, 1]
            step_x, step_y = points[point, 0] - eye[0], points[point, 1] - eye[1]
            starts = (x * cos + y * sin, y * cos - x * sin, eye[2] - shapes[box, 2])
            steps = (step_x * cos + step_y * sin, step_y * cos - step_x * sin, points[point, 2] - eye[2])
            entry, leave = 0.0, 1.0
            for axis in range(3):
                half = shapes[box, 5 + axis]
                step = steps[axis] if abs(steps[axis]) > 1e-12 else 1e-12
                first, second = (-half - starts[axis]) / step, (half - starts[axis]) / step
                entry, leave = max(entry, min(first, second)), min(leave, max(first, second))
            if entry < leave:
                blocked = True
                break
        if not blocked:
            return False
    return True
