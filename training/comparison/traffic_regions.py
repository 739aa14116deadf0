# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Pixels of moving, waiting and parked vehicles in an image of a simulated street. Parked vehicles emit no sound."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from audio_manifold_ros.camera_prior.camera_view import CameraView
from audio_manifold_ros.evaluation.metrics.regions import REGION_CLASSES, VEHICLES, class_table
from audio_manifold_ros.simulation.motion_table import MotionTable
from audio_manifold_ros.simulation.sensor_poses import camera_pose
from audio_manifold_ros.simulation.street import make_street
from training.data.vehicle_arrays import MOVING_MPS

if TYPE_CHECKING:
    from audio_manifold_ros.common.array_types import FloatArray, Mask
    from audio_manifold_ros.datasets.rig_files import RigFiles
    from audio_manifold_ros.modalities.modality_images import ModalityImages
    from audio_manifold_ros.simulation.scene import Street

MOVING, WAITING, PARKED = 'vehicles_moving', 'vehicles_waiting', 'vehicles_parked'
TRAFFIC_REGIONS = {
    MOVING: 'moving vehicles',
    WAITING: 'vehicles waiting in traffic',
    PARKED: 'parked vehicles',
}
# Depth is stored in half precision, and a rider is wider than the vehicle.
MARGIN_M = 0.3


def traffic_regions(
    ground_truth: ModalityImages, rig: RigFiles, seed: int, seconds: float, time_s: float
) -> dict[str, Mask]:
    """Return masks, bool (row, column), of the pixels of moving, waiting and parked vehicles.

    A pixel belongs to the vehicle whose box contains its point. The street is made again from its seed.

    Args:
        ground_truth: Images of the street. Without both modalities there are no masks.
        rig: Rig of the camera.
        seed: Seed of the street.
        seconds: Time for which the street was simulated.
        time_s: Instant of the images on the clock of the street.

    Raises:
        RigError: The rig has no pose of the camera.
        SimulationError: The street cannot be made.

    """
    labels, depth_m = ground_truth.labels, ground_truth.depth_m
    if labels is None or depth_m is None:
        return {}
    masks = {region: np.zeros(labels.shape, dtype=np.bool_) for region in TRAFFIC_REGIONS}
    pixels = np.nonzero(class_table(REGION_CLASSES[VEHICLES])[labels] & np.isfinite(depth_m))
    rays = CameraView.from_rig(rig.camera_model(), rig.transforms()).rays(*labels.shape)
    points_m = camera_pose(rig.transforms()).translation_m + rays[pixels] * depth_m[pixels][:, None]
    street = make_street(seed, seconds)
    for region, inside in _inside_vehicles(street, street.ego.to_world(points_m, time_s), time_s):
        masks[region][tuple(axis[inside] for axis in pixels)] = True
    return masks


def _inside_vehicles(street: Street, points_m: FloatArray, time_s: float) -> list[tuple[str, Mask]]:
    """Return for each vehicle its region and which of the points (point, 3) in the world are inside its box."""
    if not street.vehicles:
        return []
    poses = MotionTable([vehicle.trajectory for vehicle in street.vehicles]).poses(time_s)
    found = []
    for vehicle, (x_m, y_m, heading_rad, *velocity_mps) in zip(street.vehicles, poses.tolist(), strict=True):
        offsets_m = points_m[:, :2] - (x_m, y_m)
        cos, sin = np.cos(heading_rad), np.sin(heading_rad)
        along_m, across_m = offsets_m @ (cos, sin), offsets_m @ (-sin, cos)
        inside = np.abs(along_m) <= vehicle.length_m / 2 + MARGIN_M
        inside &= np.abs(across_m) <= vehicle.width_m / 2 + MARGIN_M
        moving = np.hypot(*velocity_mps) > MOVING_MPS
        region = PARKED if not vehicle.is_in_traffic else MOVING if moving else WAITING
        found.append((region, inside))
    return found
