# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Renderer of the forward camera of the ego vehicle: depth and classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from audio_manifold_ros.common.array_types import FloatArray
from audio_manifold_ros.common.class_ids import ROAD, SIDEWALK, SKY, TERRAIN, VEGETATION
from audio_manifold_ros.common.errors import SimulationError
from audio_manifold_ros.simulation.ray_geometry import street_boxes, street_crowns

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from audio_manifold_ros.rig.camera import CameraModel
    from audio_manifold_ros.simulation.scene import Street
    from audio_manifold_ros.simulation.sensor_poses import CameraPose

MAX_DEPTH_M = 80.0
# Objects beyond this distance are skipped: they are hidden or smaller than a pixel.
FAR_M = 200.0
NEAR_M = 0.3


class CameraRenderer:
    """Ray caster with one ray per pixel.

    All boxes are aligned with the axes of the world and the camera has yaw only. The slabs across a ray therefore
    separate into a part that depends on the column (x, y) and a part that depends on the row (z), and a box costs one
    rectangle.

    Args:
        street: The street.
        camera: Pinhole camera.
        mount: Pose of the camera on the car.

    """

    def __init__(self, street: Street, camera: CameraModel, mount: CameraPose) -> None:
        """Convert the street to boxes and the camera to rays.

        Raises:
            SimulationError: The camera sees objects to the side of or behind the car, which are not rendered.

        """
        self._street = street
        self._mount_m = mount.translation_m
        self._boxes = street_boxes(street)
        self._crowns = street_crowns(street)
        right = (np.arange(camera.width) - camera.cx) / camera.fx
        down = (np.arange(camera.height) - camera.cy) / camera.fy
        yaw_rad = street.ego.yaw_rad + mount.yaw_rad
        cos, sin = np.cos(yaw_rad), np.sin(yaw_rad)
        self._dx = cos + sin * right
        if self._dx.min() <= 0:
            msg = (
                f'The camera is turned {np.degrees(mount.yaw_rad):.1f}° to the left and sees the area to the side or '
                'behind the car, which is not rendered: give a camera that sees only the area ahead.'
            )
            raise SimulationError(msg)
        self._dy = sin - cos * right
        self._dz = -down
        self._shape = (camera.height, camera.width)

    def render(self, time_s: float) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
        """Render one instant.

        Returns:
            Depth float32 (row, column) in metres along the camera's axis, at most 80, NaN in the sky, and class ids
                uint8
            (row, column), Cityscapes train ids.

        """
        eye_m = self._street.ego.to_world(self._mount_m[None], time_s)[0]
        depth_m, labels = self._ground(eye_m)
        self._cast_boxes(eye_m, time_s, depth_m, labels)
        self._cast_crowns(eye_m, depth_m, labels)
        sky = np.isinf(depth_m)
        depth = np.minimum(depth_m, MAX_DEPTH_M).astype(np.float32)
        depth[sky] = np.nan
        return depth, labels

    def _ground(self, eye_m: FloatArray) -> tuple[FloatArray, NDArray[np.uint8]]:
        street = self._street
        depth_m = np.full(self._shape, np.inf)
        labels = np.full(self._shape, SKY, dtype=np.uint8)
        below = self._dz < 0
        distance_m = eye_m[2] / -self._dz[below]
        y_m = eye_m[1] + distance_m[:, None] * self._dy[None, :]
        ground = np.full(y_m.shape, TERRAIN, dtype=np.uint8)
        ground[(y_m < street.pavement_left_m) & (y_m > street.pavement_right_m)] = SIDEWALK
        ground[(y_m < street.road_left_m) & (y_m > street.road_right_m)] = ROAD
        depth_m[below] = distance_m[:, None]
        labels[below] = ground
        return depth_m, labels

    def _cast_boxes(self, eye_m: FloatArray, time_s: float, depth_m: FloatArray, labels: NDArray[np.uint8]) -> None:
        boxes = self._boxes
        shift_m = boxes.velocity_mps * time_s - eye_m[0]
        nearby = np.flatnonzero((boxes.low_m[:, 0] + shift_m < FAR_M) & (boxes.high_m[:, 0] + shift_m > 0))
        low = boxes.low_m[nearby] - (0.0, eye_m[1], eye_m[2])
        high = boxes.high_m[nearby] - (0.0, eye_m[1], eye_m[2])
        low[:, 0] += shift_m[nearby]
        high[:, 0] += shift_m[nearby]
        x_in, x_out = _slab(low[:, 0], high[:, 0], self._dx)
        y_in, y_out = _slab(low[:, 1], high[:, 1], self._dy)
        z_in, z_out = _slab(low[:, 2], high[:, 2], self._dz)
        column_in, column_out = np.maximum(np.maximum(x_in, y_in), NEAR_M), np.minimum(x_out, y_out)
        visible = column_in < column_out
        for k in np.flatnonzero(visible.any(axis=1)):
            columns = np.flatnonzero(visible[k])
            rows = np.flatnonzero((z_out[k] > NEAR_M) & (z_in[k] < column_out[k, columns].max()))
            if rows.size == 0:
                continue
            block = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
            entry = np.maximum(column_in[k, block[1]][None, :], z_in[k, block[0]][:, None])
            exit_ = np.minimum(column_out[k, block[1]][None, :], z_out[k, block[0]][:, None])
            hit = (entry < exit_) & (entry < depth_m[block])
            depth_m[block][hit] = entry[hit]
            labels[block][hit] = boxes.labels[nearby[k]]

    def _cast_crowns(self, eye_m: FloatArray, depth_m: FloatArray, labels: NDArray[np.uint8]) -> None:
        centre = self._crowns.centre_m - eye_m
        radius = self._crowns.radius_m
        for k in np.flatnonzero((centre[:, 0] > -3.0) & (centre[:, 0] < 120.0)):
            # The ellipsoid is scaled to a unit sphere. All rows of a column share its part of the quadratic.
            c = centre[k] / radius[k]
            dx, dy, dz = self._dx / radius[k, 0], self._dy / radius[k, 1], self._dz / radius[k, 2]
            a_col, b_col = dx * dx + dy * dy, dx * c[0] + dy * c[1]
            cc = float(c @ c) - 1.0
            columns = np.flatnonzero((b_col > 0) & (b_col * b_col >= a_col * (c[0] ** 2 + c[1] ** 2 - 1.0)))
            if columns.size == 0:
                continue
            width = np.s_[columns[0] : columns[-1] + 1]
            a = a_col[None, width] + (dz * dz)[:, None]
            b = b_col[None, width] + (dz * c[2])[:, None]
            root = b * b - a * cc
            rows = np.flatnonzero((root > 0).any(axis=1))
            if rows.size == 0:
                continue
            height = np.s_[rows[0] : rows[-1] + 1]
            block = (height, width)
            entry = (b[height] - np.sqrt(np.maximum(root[height], 0.0))) / a[height]
            hit = (root[height] > 0) & (entry > NEAR_M) & (entry < depth_m[block])
            depth_m[block][hit] = entry[hit]
            labels[block][hit] = VEGETATION


def _slab(
    low: NDArray[np.floating], high: NDArray[np.floating], direction: NDArray[np.floating]
) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """Return where rays (n,) enter and leave the space between planes (box,), as two arrays (box, n)."""
    with np.errstate(divide='ignore'):
        inverse = 1.0 / direction
    first, second = low[:, None] * inverse, high[:, None] * inverse
    return np.minimum(first, second), np.maximum(first, second)
