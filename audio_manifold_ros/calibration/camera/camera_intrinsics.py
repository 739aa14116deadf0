# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Camera intrinsics: pinhole model and distortion from images of a ChArUco board (Zhang 2000, by OpenCV)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from audio_manifold_ros.calibration.camera.charuco_board import BoardView
from audio_manifold_ros.common.array_types import FloatArray
from audio_manifold_ros.common.errors import CalibrationError
from audio_manifold_ros.rig.camera import CameraCalibration, CameraModel

MIN_VIEWS = 8
# A view with this multiple of the median error is blurred, or one of its corners was confused with another.
OUTLIER_FACTOR, MIN_OUTLIER_PX = 3.0, 0.5
# Two views are equal if their corners are closer than this fraction of the image width.
SAME_VIEW_FRACTION = 0.03
COVERAGE_GRID = (6, 8)


@dataclass(frozen=True)
class Intrinsics:
    """Estimated intrinsics.

    Attributes:
        calibration: Content of `camera.yaml`.
        rms_px: Root mean square of the reprojection errors.
        std: Standard deviations of fx, fy, cx, cy in pixels.
        views: Views in use.
        view_rms_px: Reprojection error of each view (view,).
        errors_px: Reprojection errors of the corners, by view (corner, 2).
        tilts_rad: Tilt of the board against the image plane (view,).
        dropped: Names of views that contradict the others.
        coverage: Fraction of the image in which corners were found, 0 to 1.

    """

    calibration: CameraCalibration
    rms_px: float
    std: tuple[float, float, float, float]
    views: tuple[BoardView, ...]
    view_rms_px: FloatArray
    errors_px: tuple[FloatArray, ...]
    tilts_rad: FloatArray
    dropped: tuple[str, ...]
    coverage: float


def is_new_view(view: BoardView, others: Sequence[BoardView], width: int) -> bool:
    """Return whether position or orientation of the board differ from those of each other view."""
    for other in others:
        _, mine, theirs = np.intersect1d(view.ids, other.ids, return_indices=True)
        apart = np.linalg.norm(view.corners_px[mine] - other.corners_px[theirs], axis=1)
        if len(apart) and float(apart.mean()) < SAME_VIEW_FRACTION * width:
            return False
    return True


def estimate_intrinsics(views: Sequence[BoardView], width: int, height: int, name: str) -> Intrinsics:
    """Estimate the intrinsics of a camera.

    Args:
        views: Views of one board from different sides.
        width: Columns of the images.
        height: Rows of the images.
        name: Name of the camera.

    Raises:
        CalibrationError: There are too few views, or OpenCV finds no camera model for them.

    """
    _check_count(views)
    kept, dropped = list(views), []
    solved = _calibrate(kept, (width, height))
    limit = max(OUTLIER_FACTOR * float(np.median(solved.view_rms_px)), MIN_OUTLIER_PX)
    bad = {view.name for view, rms in zip(kept, solved.view_rms_px, strict=True) if rms > limit}
    if bad:
        kept, dropped = [view for view in kept if view.name not in bad], sorted(bad)
        _check_count(kept)
        solved = _calibrate(kept, (width, height))
    k = solved.matrix
    rectified = cv2.getOptimalNewCameraMatrix(k, solved.distortion, (width, height), 0.0)[0]
    projection = np.hstack([np.asarray(rectified, dtype=np.float64), np.zeros((3, 1))])
    calibration = CameraCalibration(
        CameraModel(width, height, float(k[0, 0]), float(k[1, 1]), float(k[0, 2]), float(k[1, 2])),
        name,
        'plumb_bob',
        tuple(solved.distortion.tolist()),
        projection=tuple(projection.ravel().tolist()),
    )
    return Intrinsics(
        calibration,
        solved.rms_px,
        solved.std,
        tuple(kept),
        solved.view_rms_px,
        tuple(_reprojection_errors(view, solved, number) for number, view in enumerate(kept)),
        np.array([_tilt_rad(rotation) for rotation in solved.rotations]),
        tuple(dropped),
        _coverage(kept, width, height),
    )


@dataclass(frozen=True)
class _CalibrationResult:
    rms_px: float
    matrix: FloatArray
    distortion: FloatArray
    rotations: Sequence[FloatArray]
    translations: Sequence[FloatArray]
    std: tuple[float, float, float, float]
    view_rms_px: FloatArray


def _check_count(views: Sequence[BoardView]) -> None:
    if len(views) < MIN_VIEWS:
        msg = (
            f'{len(views)} different views of the board can be used: take {MIN_VIEWS} or more (twenty are good), near '
            'and far, tilted to all sides, and in all corners of the image.'
        )
        raise CalibrationError(msg)


def _calibrate(views: Sequence[BoardView], size: tuple[int, int]) -> _CalibrationResult:
    try:
        rms, matrix, distortion, rotations, translations, std, _, view_rms = cv2.calibrateCameraExtended(
            [view.points_m for view in views],
            [view.corners_px for view in views],
            size,
            np.zeros((3, 3)),
            np.zeros(5),
        )
    except cv2.error as error:
        msg = (
            f'No camera model fits these views ({error.err}): check that squares, marker and dictionary are those of '
            'the printed board, and that the board is flat.'
        )
        raise CalibrationError(msg) from None
    fx, fy, cx, cy = np.asarray(std, dtype=np.float64).ravel()[:4].tolist()
    return _CalibrationResult(
        float(rms),
        np.asarray(matrix, dtype=np.float64),
        np.asarray(distortion, dtype=np.float64).ravel()[:5],
        [np.asarray(rotation, dtype=np.float64) for rotation in rotations],
        [np.asarray(translation, dtype=np.float64) for translation in translations],
        (fx, fy, cx, cy),
        np.asarray(view_rms, dtype=np.float64).ravel(),
    )


def _reprojection_errors(view: BoardView, solved: _CalibrationResult, number: int) -> FloatArray:
    expected, _ = cv2.projectPoints(
        view.points_m, solved.rotations[number], solved.translations[number], solved.matrix, solved.distortion
    )
    return np.asarray(view.corners_px - np.asarray(expected).reshape(-1, 2), dtype=np.float64)


def _tilt_rad(rotation: FloatArray) -> float:
    return float(np.arccos(np.clip(np.abs(np.asarray(cv2.Rodrigues(rotation)[0])[2, 2]), 0, 1)))


def _coverage(views: Sequence[BoardView], width: int, height: int) -> float:
    corners = np.concatenate([view.corners_px for view in views])
    rows, columns = COVERAGE_GRID
    counts, _, _ = np.histogram2d(corners[:, 1], corners[:, 0], bins=(rows, columns), range=((0, height), (0, width)))
    return float((counts > 0).mean())
