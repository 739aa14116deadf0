# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Detections of vehicles all round, hidden ones included, from the map of vehicles."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from audio_manifold_ros.common.class_ids import UNLABELLED
from audio_manifold_ros.networks.vehicle_map import decode_vehicles
from audio_manifold_ros.robot_outputs.detection import Detection

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from audio_manifold_ros.common.array_types import FloatArray
    from audio_manifold_ros.networks.vehicle_map import VehicleMapConfig, VehiclePosition

# Usual length, width and height of the classes. The map does not state them.
USUAL_SIZES_M = {
    'car': (4.5, 1.8, 1.5),
    'truck': (8.0, 2.5, 3.2),
    'bus': (12.0, 2.5, 3.1),
    'train': (30.0, 2.6, 3.5),
    'motorcycle': (2.1, 0.8, 1.5),
    'bicycle': (1.8, 0.6, 1.7),
}
OTHER_SIZE_M = (4.5, 1.8, 1.8)


@dataclass(frozen=True)
class VehicleErrors:
    """Errors of the vehicles that are found.

    Attributes:
        range_log_std: Standard deviation of the logarithm of the distance.
        angle_std_rad: Standard deviation of the direction.

    """

    range_log_std: float
    angle_std_rad: float


def vehicle_detections(
    probabilities: NDArray[np.float32],
    config: VehicleMapConfig,
    min_probability: float,
    errors: VehicleErrors,
    array_m: FloatArray,
    class_ids: Mapping[str, int],
) -> list[Detection]:
    """Return the vehicles of a map in the root frame of the rig, the nearest first.

    Args:
        probabilities: (class, azimuth, distance), 0 to 1.
        config: Sizes of the map.
        min_probability: Smallest probability of a vehicle.
        errors: Errors of direction and distance.
        array_m: Centre of the array (3,) in the root frame.
        class_ids: Id of each class name. A class without an id has the id of cars, or that of no class.

    """
    found = decode_vehicles(probabilities, config, min_probability)
    detections = [to_detection(vehicle, errors, array_m, class_ids) for vehicle in found]
    return sorted(detections, key=lambda detection: detection.distance_m)


def to_detection(
    vehicle: VehiclePosition, errors: VehicleErrors, array_m: FloatArray, class_ids: Mapping[str, int]
) -> Detection:
    """Return a vehicle as a detection in the root frame of the rig (see `vehicle_detections`)."""
    position_m, extent_m = vehicle_box(vehicle, array_m)
    ahead, left = math.cos(vehicle.azimuth_rad), math.sin(vehicle.azimuth_rad)
    along, across = np.array([ahead, left, 0.0]), np.array([-left, ahead, 0.0])
    covariance_m2 = (
        (vehicle.distance_m * errors.range_log_std) ** 2 * np.outer(along, along)
        + (vehicle.distance_m * errors.angle_std_rad) ** 2 * np.outer(across, across)
        + np.diag([0.0, 0.0, (extent_m[2] / 4) ** 2])
    )
    return Detection(
        class_id=class_ids.get(vehicle.category, class_ids.get('car', UNLABELLED)),
        class_name=vehicle.category,
        probability=vehicle.probability,
        bearing_rad=vehicle.azimuth_rad,
        distance_m=vehicle.distance_m,
        position_m=position_m,
        extent_m=extent_m,
        covariance_m2=covariance_m2,
    )


def vehicle_box(vehicle: VehiclePosition, array_m: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return centre (3,) and sides (3,) of a box of the usual size of a vehicle, on the ground of the root frame.

    The heading of the vehicle is unknown: the box is along the axes of the frame.
    """
    extent_m = np.array(USUAL_SIZES_M.get(vehicle.category, OTHER_SIZE_M))
    ahead, left = math.cos(vehicle.azimuth_rad), math.sin(vehicle.azimuth_rad)
    x_m, y_m = array_m[0] + vehicle.distance_m * ahead, array_m[1] + vehicle.distance_m * left
    return np.array([x_m, y_m, extent_m[2] / 2]), extent_m
