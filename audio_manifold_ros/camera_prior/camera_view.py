# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""View of a camera on a rig: its intrinsics, its orientation and its height above the ground."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from audio_manifold_ros.common.array_types import FloatArray
from audio_manifold_ros.rig.camera import CameraModel
from audio_manifold_ros.rig.extrinsics import Extrinsics
from audio_manifold_ros.rig.transform_chain import find_optical_transform, pose_in_root

# Extrinsics with a lower camera do not state its height: their root frame is not on the ground.
MIN_HEIGHT_M = 0.05
# The height of such a camera. It has no effect on the prior of a dataset with one camera.
ASSUMED_HEIGHT_M = 1.5
DIGITS = 6


@dataclass(frozen=True)
class CameraView:
    """Intrinsics, orientation and height of a camera, by which each pixel is a ray of the world.

    Attributes:
        camera: Pinhole camera.
        rotation: Rotation of the optical frame (x right, y down, z ahead) to the root of the rig (x ahead, y left, z
            up), row by row.
        height_m: Height of the optical centre above the ground.

    """

    camera: CameraModel
    rotation: tuple[float, ...]
    height_m: float

    @classmethod
    def from_rig(cls, camera: CameraModel, extrinsics: Extrinsics) -> CameraView:
        """Return the view of a camera. The root frame of the extrinsics is on the ground (REP-105).

        Raises:
            RigError: There is not exactly one optical frame.

        """
        pose = pose_in_root(extrinsics, find_optical_transform(extrinsics).child)
        height_m = round(float(pose.translation_m[2]), DIGITS)
        rotation = tuple(pose.rotation.round(DIGITS).ravel().tolist())
        return cls(camera, rotation, height_m if height_m >= MIN_HEIGHT_M else ASSUMED_HEIGHT_M)

    @property
    def matrix(self) -> FloatArray:
        """Rotation (3, 3) of the optical frame to the root."""
        return np.array(self.rotation).reshape(3, 3)

    @property
    def azimuth_rad(self) -> float:
        """Azimuth of the optical axis, counter-clockwise from above."""
        return float(np.arctan2(self.rotation[5], self.rotation[2]))

    def rays(self, rows: int, columns: int) -> FloatArray:
        """Return the rays (row, column, 3) of an image in the root frame. Their component along the optical axis is 1.

        Args:
            rows: Rows of the image, which has the field of view of the camera.
            columns: Columns of the image.

        """
        camera = self.camera.resized(rows, columns)
        x = (np.arange(columns) - camera.cx) / camera.fx
        y = (np.arange(rows) - camera.cy) / camera.fy
        optical = np.stack([*np.meshgrid(x, y), np.ones((rows, columns))], axis=-1)
        rays: FloatArray = optical @ self.matrix.T
        return rays
