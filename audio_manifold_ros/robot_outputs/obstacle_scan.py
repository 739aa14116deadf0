# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Laser scan of the nearest obstacles, from depth, classes, confidence and the pose of the camera."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from audio_manifold_ros.robot_outputs.pixel_rays import pixel_rays

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from audio_manifold_ros.common.array_types import FloatArray
    from audio_manifold_ros.rig.camera import CameraModel
    from audio_manifold_ros.rig.transform_chain import Pose
    from audio_manifold_ros.robot_outputs.class_roles import ClassRoles


@dataclass(frozen=True)
class ScanSettings:
    """Conditions of an obstacle.

    Attributes:
        min_height_m: Lowest height of an obstacle above the ground.
        max_height_m: Largest height of an obstacle above the ground.
        max_range_m: Largest range of an obstacle.
        min_confidence: Pixels of lower confidence are not evidence.

    """

    min_height_m: float
    max_height_m: float
    max_range_m: float
    min_confidence: float


@dataclass(frozen=True)
class ObstacleScan:
    """Ranges in a level plane, with the camera in the origin and x in its viewing direction.

    Attributes:
        angle_min_rad: Angle of the first beam, from x to the left.
        angle_increment_rad: Angle between beams.
        max_range_m: Largest range of an obstacle.
        ranges_m: float32 (beam,). +Inf: free up to the largest range. NaN: unknown.

    """

    angle_min_rad: float
    angle_increment_rad: float
    max_range_m: float
    ranges_m: NDArray[np.float32]


class ScanProjector:
    """Projection of images to scans for a fixed camera.

    Each beam covers the angle of one increment, and takes the nearest obstacle of all pixels that this angle touches.
    The number of beams is the number of columns, so no obstacle falls between two beams.

    A beam is NaN if its nearest obstacle has too little confidence. It is +Inf only if no pixel shows an obstacle, and
    the pixels that would show one at the largest range are confident. REP-117 defines +Inf as "nothing detected". The
    largest range itself would be a phantom obstacle for readers that accept `range <= range_max`.

    Args:
        camera: Intrinsics at any resolution.
        optical_in_root: Pose of the optical frame in the root frame, whose plane z = 0 is the ground.
        roles: Roles of the classes.
        settings: What counts as an obstacle.
        shape: Rows and columns of the images.

    """

    def __init__(
        self,
        camera: CameraModel,
        optical_in_root: Pose,
        roles: ClassRoles,
        settings: ScanSettings,
        shape: tuple[int, int],
    ) -> None:
        """Precompute which pixels each beam takes."""
        self._roles, self._settings = roles, settings
        rays = pixel_rays(camera, *shape)
        half_pixel = 0.5 / camera.resized(*shape).fx
        forward, left, up = _level_components(rays, optical_in_root.rotation)
        horizontal = np.hypot(forward, left)
        self._horizontal = horizontal.astype(np.float32)
        self._rise = up.astype(np.float32)
        self._camera_height_m = float(optical_in_root.translation_m[2])
        azimuth = np.arctan2(left, forward)
        self._beams = shape[1]
        self._angle_min = float(azimuth.min())
        self._increment = (float(azimuth.max()) - self._angle_min) / (self._beams - 1)
        edges = [
            np.arctan2(*_level_components(rays + np.array([side, 0, 0], np.float32), optical_in_root.rotation)[1::-1])
            for side in (half_pixel, -half_pixel)
        ]
        first, last = (np.rint((edge - self._angle_min) / self._increment) for edge in edges)
        first, last = (np.clip(index, 0, self._beams - 1).astype(np.int64).ravel() for index in (first, last))
        counts = np.maximum(last - first, 0) + 1
        pixels = np.repeat(np.arange(counts.size), counts)
        beams = np.repeat(first, counts) + np.arange(counts.sum()) - np.repeat(counts.cumsum() - counts, counts)
        order = np.argsort(beams, kind='stable')
        self._pixels = pixels[order]
        self._starts = np.searchsorted(beams[order], np.arange(self._beams))
        height_at_limit_m = self._camera_height_m + settings.max_range_m * up / np.maximum(horizontal, 1e-9)
        is_decisive = (height_at_limit_m >= settings.min_height_m) & (height_at_limit_m <= settings.max_height_m)
        self._decisive = is_decisive.ravel()[self._pixels]
        self._decisive_count = np.add.reduceat(self._decisive.astype(np.float32), self._starts)

    def project(
        self, depth_m: NDArray[np.float32], labels: NDArray[np.uint8] | None, confidence: NDArray[np.float32] | None
    ) -> ObstacleScan:
        """Return the scan of an image.

        Args:
            depth_m: float32 (row, column), NaN where invalid.
            labels: uint8 (row, column). None: heights alone decide.
            confidence: float32 (row, column). None: every pixel is certain.

        """
        settings = self._settings
        distance_m = depth_m * self._horizontal
        height_m = self._camera_height_m + depth_m * self._rise
        is_obstacle = (height_m >= settings.min_height_m) & (height_m <= settings.max_height_m)
        is_obstacle &= distance_m <= settings.max_range_m
        if labels is not None:
            is_obstacle &= self._roles.is_obstacle[labels]
        certainty = np.ones_like(depth_m) if confidence is None else confidence
        is_confident = certainty >= settings.min_confidence
        confident_m = self._nearest(np.where(is_obstacle & is_confident, distance_m, np.inf))
        uncertain_m = self._nearest(np.where(is_obstacle & ~is_confident, distance_m, np.inf))
        far_certainty = np.add.reduceat(certainty.ravel()[self._pixels] * self._decisive, self._starts)
        far_certainty /= np.maximum(self._decisive_count, 1)
        has_obstacle = np.isfinite(confident_m)
        is_known = np.where(has_obstacle, True, far_certainty >= settings.min_confidence)
        is_known &= uncertain_m >= confident_m
        return ObstacleScan(
            self._angle_min,
            self._increment,
            settings.max_range_m,
            np.where(is_known, confident_m, np.float32(np.nan)).astype(np.float32),
        )

    def _nearest(self, distance_m: NDArray[np.float32]) -> NDArray[np.float32]:
        nearest: NDArray[np.float32] = np.minimum.reduceat(distance_m.ravel()[self._pixels], self._starts)
        return nearest


def _level_components(rays: NDArray[np.float32], rotation: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the components of rays (row, column, 3): horizontally along the view, to its left, and up."""
    in_root = rays @ rotation.T
    view = rotation[:2, 2] / np.hypot(*rotation[:2, 2])
    forward = in_root[..., 0] * view[0] + in_root[..., 1] * view[1]
    left = in_root[..., 1] * view[0] - in_root[..., 0] * view[1]
    return forward, left, in_root[..., 2]
