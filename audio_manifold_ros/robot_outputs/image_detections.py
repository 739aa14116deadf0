# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Detections of vehicles and persons, from the predicted images."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from audio_manifold_ros.robot_outputs.detection import Detection
from audio_manifold_ros.robot_outputs.pixel_rays import pixel_rays

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from audio_manifold_ros.common.array_types import FloatArray
    from audio_manifold_ros.rig.camera import CameraModel
    from audio_manifold_ros.robot_outputs.class_roles import ClassRoles

EIGHT_NEIGHBOURS = 8
# Predicted depth is blurred at the border of an object: the box has the depth of the middle half of its pixels.
SIDE_FRACTIONS = (0.05, 0.95)
DEPTH_FRACTIONS = (0.25, 0.5, 0.75)
MIN_EXTENT_M = 0.1
# Limit of the time for an image that is all small regions.
MAX_PER_CLASS = 32


@dataclass(frozen=True)
class DetectionSettings:
    """Conditions of a detection, and its errors.

    Attributes:
        min_pixels: Smaller regions are ignored.
        min_confidence: Regions with a lower mean confidence are ignored.
        range_log_std: Standard deviation of the logarithm of the distance.
        angle_std_rad: Standard deviation of the direction.

    """

    min_pixels: int
    min_confidence: float
    range_log_std: float
    angle_std_rad: float


def find_detections(
    depth_m: NDArray[np.float32],
    labels: NDArray[np.uint8],
    confidence: NDArray[np.float32],
    camera: CameraModel,
    roles: ClassRoles,
    settings: DetectionSettings,
) -> list[Detection]:
    """Return the regions (8-connectivity) of each class of vehicles and persons, the nearest first.

    Touching objects of one class are one detection. Pixels without depth are not part of a region. Of each class the
    `MAX_PER_CLASS` largest regions are kept.

    Args:
        depth_m: float32 (row, column), NaN where invalid.
        labels: uint8 (row, column), class ids.
        confidence: float32 (row, column), 0 to 1.
        camera: Intrinsics at any resolution.
        roles: Roles of the classes.
        settings: What counts as a detection.

    """
    rays = pixel_rays(camera, *depth_m.shape)
    is_candidate = roles.is_object[labels] & np.isfinite(depth_m)
    found = []
    for class_id in np.unique(labels[is_candidate]).tolist():
        for pixels in _regions(is_candidate & (labels == class_id), settings.min_pixels):
            probability = float(confidence.ravel()[pixels].mean())
            if probability >= settings.min_confidence:
                geometry = _geometry(depth_m.ravel()[pixels], rays.reshape(-1, 3)[pixels], settings)
                found.append(Detection(class_id, roles.names[class_id], probability, *geometry))
    return sorted(found, key=lambda detection: detection.distance_m)


def _regions(mask: NDArray[np.bool_], min_pixels: int) -> list[NDArray[np.int64]]:
    """Return the indices of the pixels of each region of a mask, the largest regions first."""
    # Imported here, so that a node without subscribers to its detections saves the time and the memory. The import of
    # scipy.ndimage takes ten times as long, in which windows were dropped.
    import cv2

    _, regions = cv2.connectedComponents(mask.astype(np.uint8), connectivity=EIGHT_NEIGHBOURS)
    pixels = np.flatnonzero(regions)
    ids = regions.ravel()[pixels]
    groups = np.split(pixels[np.argsort(ids, kind='stable')], np.bincount(ids)[1:].cumsum()[:-1])
    return sorted((group for group in groups if len(group) >= min_pixels), key=len, reverse=True)[:MAX_PER_CLASS]


def _geometry(
    depth_m: NDArray[np.float32], rays: NDArray[np.float32], settings: DetectionSettings
) -> tuple[float, float, FloatArray, FloatArray, FloatArray]:
    """Return bearing, distance, position, extent and covariance of the pixels of a region."""
    near_m, middle_m, far_m = _fractions(depth_m, DEPTH_FRACTIONS)
    position_m = middle_m * rays.mean(axis=0, dtype=np.float64)
    distance_m = float(np.linalg.norm(position_m))
    left, right = _fractions(rays[:, 0], SIDE_FRACTIONS)
    top, bottom = _fractions(rays[:, 1], SIDE_FRACTIONS)
    sides_m = middle_m * (right - left), middle_m * (bottom - top), far_m - near_m
    extent_m = np.maximum(sides_m, MIN_EXTENT_M)
    along = np.outer(position_m, position_m) / distance_m**2
    range_std_m, lateral_std_m = distance_m * settings.range_log_std, distance_m * settings.angle_std_rad
    covariance_m2 = range_std_m**2 * along + lateral_std_m**2 * (np.eye(3) - along)
    bearing_rad = -math.atan2(position_m[0], position_m[2])
    return bearing_rad, distance_m, position_m, extent_m, covariance_m2


def _fractions(values: NDArray[np.float32], fractions: tuple[float, ...]) -> list[float]:
    """Return the values below which these fractions of the values are."""
    ordered = np.sort(values)
    return [float(ordered[round(fraction * (len(ordered) - 1))]) for fraction in fractions]
