# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Renderer of the camera of the ego vehicle: depth and classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from audio_manifold_ros.common.class_ids import SKY
from audio_manifold_ros.simulation import ground_casting, ray_casting, ray_geometry
from audio_manifold_ros.simulation.motion_table import MotionTable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from audio_manifold_ros.common.array_types import FloatArray
    from audio_manifold_ros.rig.camera import CameraModel
    from audio_manifold_ros.simulation.scene import Street
    from audio_manifold_ros.simulation.sensor_poses import CameraPose

MAX_DEPTH_M = 80.0


class CameraRenderer:
    """Ray caster with one ray per pixel, for a level camera in any direction."""

    def __init__(self, street: Street, camera: CameraModel, mount: CameraPose) -> None:
        """Convert the street to solids.

        Args:
            street: The street.
            camera: Pinhole camera.
            mount: Pose of the camera on the car.

        """
        self._street, self._camera, self._mount = street, camera, mount
        self._boxes = ray_geometry.street_boxes(street)
        self._cylinders = ray_geometry.street_cylinders(street)
        self._crowns = ray_geometry.street_crowns(street)
        self._moving = ray_geometry.moving_solids(street)
        motions = [vehicle.trajectory for vehicle in street.vehicles]
        self._motions = MotionTable([*motions, *(person.trajectory for person in street.pedestrians)])
        self._junctions = _junctions(street)
        edges = (street.road_left_m, street.road_right_m, street.pavement_left_m, street.pavement_right_m)
        self._edges = np.array(edges)

    def render(self, time_s: float) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
        """Render one instant.

        Returns:
            Depth float32 (row, column) in metres along the camera's axis, at most `MAX_DEPTH_M`, NaN in the sky, and
            class ids uint8 (row, column), Cityscapes train ids.

        """
        camera = self._camera
        depth_m = np.full((camera.height, camera.width), np.inf)
        labels = np.full(depth_m.shape, SKY, dtype=np.uint8)
        view = self._view(time_s)
        poses, moving = self._motions.poses(time_s), self._moving
        ground_casting.cast_ground(view, self._street.axis.pieces, self._junctions, self._edges, depth_m, labels)
        boxes = moving.boxes.placed(moving.box_objects, poses)
        heads = moving.ellipsoids.placed(moving.ellipsoid_objects, poses)
        for solids in (self._boxes, boxes):
            ray_casting.cast_boxes(view, solids.shapes, solids.labels, depth_m, labels)
        ray_casting.cast_cylinders(view, self._cylinders.shapes, self._cylinders.labels, depth_m, labels)
        for solids in (self._crowns, heads):
            ray_casting.cast_ellipsoids(view, solids.shapes, solids.labels, depth_m, labels)
        sky = np.isinf(depth_m)
        depth = np.minimum(depth_m, MAX_DEPTH_M).astype(np.float32)
        depth[sky] = np.nan
        return depth, labels

    def _view(self, time_s: float) -> FloatArray:
        """Return position, cosine and sine of the yaw, and intrinsics of the camera (9,)."""
        ego, camera = self._street.ego, self._camera
        eye_m = ego.to_world(self._mount.translation_m[None], time_s)[0]
        yaw_rad = float(ego.heading(np.array([time_s]))[0]) + self._mount.yaw_rad
        return np.array([*eye_m, np.cos(yaw_rad), np.sin(yaw_rad), camera.fx, camera.fy, camera.cx, camera.cy])


def _junctions(street: Street) -> FloatArray:
    """Return the junctions (junction, 8) for `ground_casting.cast_ground`."""
    rows = np.zeros((len(street.junctions), 8))
    for row, junction in zip(rows, street.junctions, strict=True):
        position, ahead, _ = street.axis.axes_at(junction.station_m)
        reaches = [junction.reach_m if side in junction.arms else 0.0 for side in (1, -1)]
        row[:] = (*position, *ahead, junction.half_road_m, junction.half_street_m, *reaches)
    return rows
