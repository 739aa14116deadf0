# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures of a ChArUco board, rendered for a camera with distortion."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.calibration.camera.charuco_board import PRINT_MARGIN_PX, PRINT_SQUARE_PX, CharucoBoard
from audio_manifold_ros.rig.camera import CameraCalibration, CameraModel

COLUMNS, ROWS, SQUARE_M, MARKER_M = 7, 5, 0.04, 0.03
CAMERA = CameraCalibration(
    CameraModel(640, 480, 520.0, 525.0, 322.0, 236.0), 'front', distortion=(-0.22, 0.06, 0.001, -0.0005, 0.0)
)
MIDDLE_M = np.array([COLUMNS, ROWS, 0]) * SQUARE_M / 2


def board() -> CharucoBoard:
    """Return the board of the pictures."""
    return CharucoBoard(COLUMNS, ROWS, SQUARE_M, MARKER_M, '5X5_100')


def board_picture(
    rotation_rad: NDArray[np.float64], translation_m: NDArray[np.float64], noise: float = 2.0
) -> NDArray[np.uint8]:
    """Render a board whose centre is at a position in front of the camera, rotated by a rotation vector."""
    model = CAMERA.model
    matrix = np.array([[model.fx, 0, model.cx], [0, model.fy, model.cy], [0, 0, 1]])
    rows, columns = np.indices((model.height, model.width)).astype(np.float64)
    pixels = np.stack([columns.ravel(), rows.ravel()], axis=1)[:, None]
    flat = np.asarray(cv2.undistortPoints(pixels, matrix, np.array(CAMERA.distortion))).reshape(-1, 2)
    rays = np.column_stack([flat, np.ones(len(flat))])
    rotation = np.asarray(cv2.Rodrigues(rotation_rad)[0])
    # A ray meets the board where its height above the board is zero.
    towards, origin = rays @ rotation, (-translation_m) @ rotation
    on_board = origin + towards * (-origin[2] / towards[:, 2])[:, None] + MIDDLE_M
    board_px = (on_board[:, :2] / SQUARE_M * PRINT_SQUARE_PX + PRINT_MARGIN_PX - 0.5).astype(np.float32)
    maps = [board_px[:, axis].reshape(model.height, model.width) for axis in (0, 1)]
    paper = cv2.GaussianBlur(board().draw(), (0, 0), 1.0)
    picture = cv2.remap(paper, maps[0], maps[1], cv2.INTER_LINEAR, borderValue=128)
    noisy = picture + np.random.default_rng(0).normal(0, noise, picture.shape)
    return np.asarray(np.clip(np.rint(noisy), 0, 255), dtype=np.uint8)


def board_pictures(
    count: int, tilt_rad: float = 0.6, distance_m: tuple[float, float] = (0.25, 0.5)
) -> list[NDArray[np.uint8]]:
    """Render a board at positions all over the view of the camera, tilted in all directions."""
    generator = np.random.default_rng(1)
    pictures = []
    for number in range(count):
        distance = generator.uniform(*distance_m)
        across, down = (number % 4 - 1.5) / 3, (number // 4 % 3 - 1) / 2
        place = np.array([across * 0.8 * distance, down * 0.6 * distance, distance])
        pictures.append(board_picture(generator.uniform(-tilt_rad, tilt_rad, 3), place))
    return pictures
