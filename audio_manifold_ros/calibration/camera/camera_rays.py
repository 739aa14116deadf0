# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Viewing rays of the pixels of a camera with distortion."""

from __future__ import annotations

import cv2
import numpy as np

from audio_manifold_ros.common.array_types import FloatArray
from audio_manifold_ros.rig.camera import CameraCalibration

FISHEYE = 'equidistant'


def camera_rays(calibration: CameraCalibration, pixels: FloatArray) -> FloatArray:
    """Return the unit vectors of viewing rays in the optical frame.

    Args:
        calibration: Calibration of the camera.
        pixels: Column and row (pixel, 2). Whole numbers are pixel centres.

    Returns:
        Rays (pixel, 3): x right, y down, z ahead.

    """
    model = calibration.model
    matrix = np.array([[model.fx, 0, model.cx], [0, model.fy, model.cy], [0, 0, 1]])
    undistort = cv2.fisheye.undistortPoints if calibration.distortion_model == FISHEYE else cv2.undistortPoints
    flat = np.asarray(undistort(pixels.reshape(-1, 1, 2), matrix, np.array(calibration.distortion)), dtype=np.float64)
    rays = np.column_stack([flat.reshape(-1, 2), np.ones(len(pixels))])
    return np.asarray(rays / np.linalg.norm(rays, axis=1, keepdims=True))
