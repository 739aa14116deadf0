# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Organised point cloud: one point for each pixel, in the order of the pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from audio_manifold_ros.common.class_ids import UNLABELLED
from audio_manifold_ros.robot_outputs.pixel_rays import pixel_rays

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from audio_manifold_ros.common.array_types import RgbImage
    from audio_manifold_ros.rig.camera import CameraModel

# `rgb` holds 0x00RRGGBB in the bits of a float32, as RViz and PCL read it. The last three bytes are padding.
POINT_FIELDS = {'x': '<f4', 'y': '<f4', 'z': '<f4', 'rgb': '<u4', 'confidence': '<f4', 'class_id': 'u1'}
POINT_OFFSETS = dict(zip(POINT_FIELDS, range(0, 24, 4), strict=True))
POINT = np.dtype(
    {
        'names': list(POINT_FIELDS),
        'formats': list(POINT_FIELDS.values()),
        'offsets': list(POINT_OFFSETS.values()),
        'itemsize': 24,
    }
)
GREY = 0xA0A0A0


def to_organised_cloud(
    depth_m: NDArray[np.float32],
    camera: CameraModel,
    *,
    labels: NDArray[np.uint8] | None = None,
    confidence: NDArray[np.float32] | None = None,
    colours: RgbImage | None = None,
) -> NDArray[Any]:
    """Return the points of an image, with NaN in x, y and z where depth is invalid.

    Args:
        depth_m: float32 (row, column), metres along the optical axis, NaN where invalid.
        camera: Intrinsics at any resolution.
        labels: uint8 (row, column), class ids. None: every point is unlabelled.
        confidence: float32 (row, column), 0 to 1. None: every point has NaN.
        colours: uint8 (row, column, 3), red first. None: every point is grey.

    Returns:
        `POINT` (row, column), in the optical frame of the camera (x right, y down, z forward).

    """
    points = np.zeros(depth_m.shape, dtype=POINT)
    positions = depth_m[..., None] * pixel_rays(camera, *depth_m.shape)
    for axis, name in enumerate('xyz'):
        points[name] = positions[..., axis]
    points['class_id'] = UNLABELLED if labels is None else labels
    points['confidence'] = np.nan if confidence is None else confidence
    points['rgb'] = GREY if colours is None else colours.astype(np.uint32) @ np.array([1 << 16, 1 << 8, 1], np.uint32)
    return points
