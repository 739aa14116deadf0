# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which way a camera looks against the array: from sounds whose places it sees and the array hears."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from audio_manifold_ros.calibration.geometry.robust_least_squares import FitResult, minimize_robust
from audio_manifold_ros.common.array_types import FloatArray
from audio_manifold_ros.common.errors import CalibrationError
from audio_manifold_ros.rig.transform_chain import Pose

MIN_SOUNDS, MIN_SEPARATION_RAD = 6, np.radians(10)
# What is known before: a camera is mounted about level, and may look anywhere; people stand about where they say.
TILT_STD_RAD, LEVEL_STD_RAD, YAW_STD_RAD, RANGE_STD = 0.3, 1e-4, 2.0, 0.25
POSITION_STD_M, LAG_STD_SAMPLES = 0.005, 0.1
INITIAL_HEADINGS, MAX_ITERATIONS = 12, 60
DERIVATIVE_STEP = 1e-6


@dataclass(frozen=True)
class SoundDirections:
    """Sounds that were seen and heard.

    Attributes:
        lags_samples: How late each channel is (sound, mic), against any reference of the sound.
        misfits_samples: How well the lags of a sound agree (sound,).
        rays: Unit vectors towards each, in the optical frame of the camera (sound, 3).
        distance_m: From the array, about.
        positions_m: Of the microphones, in the frame of the array (mic, 3).
        samples_per_m: Samples that sound takes for a metre.

    """

    lags_samples: FloatArray
    misfits_samples: FloatArray
    rays: FloatArray
    distance_m: float
    positions_m: FloatArray
    samples_per_m: float


@dataclass(frozen=True)
class CameraRotation:
    """The result.

    Attributes:
        rotation: Turns vectors of the optical frame into those of the array (3, 3).
        std_rad: Standard deviations of small turns about the axes x, y, z of the array (3,).
        bearing_error_rad: How far each ray misses the place that was heard, sideways about the array's z axis (sound,).
        residual_samples: What stays unexplained of each lag (sound, mic).

    """

    rotation: FloatArray
    std_rad: FloatArray
    bearing_error_rad: FloatArray
    residual_samples: FloatArray


def estimate_camera_rotation(directions: SoundDirections, camera: Pose, *, with_tilt: bool) -> CameraRotation:
    """Solve for the rotation of a camera whose place is known.

    Directions are compared where they are measured best, in the lags, so that a flat array says no more of heights than
    it hears (Wahba's problem 1965, with every direction by its own error).

    Args:
        directions: What was seen and heard.
        camera: Optical frame in the frame of the array, as the rig says.
        with_tilt: Also find how the camera is tilted; otherwise it only turns about the z axis of the array.

    Raises:
        CalibrationError: There are too few sounds, or all are in one direction.

    """
    apart = (
        np.degrees(np.arccos(np.clip(directions.rays @ directions.rays.T, -1, 1)).max())
        if len(directions.rays)
        else 0.0
    )
    if len(directions.rays) < MIN_SOUNDS or np.radians(apart) < MIN_SEPARATION_RAD:
        msg = (
            f'{len(directions.rays)} claps, up to {apart:.0f} degrees apart, are too few: clap at {MIN_SOUNDS} places or '
            'more, from one side of the picture to the other.'
        )
        raise CalibrationError(msg)
    problem = _Problem(directions, camera, TILT_STD_RAD if with_tilt else LEVEL_STD_RAD)
    starts = [problem.start(heading) for heading in np.arange(INITIAL_HEADINGS) * 2 * np.pi / INITIAL_HEADINGS]
    best = min((problem.minimum(start) for start in starts), key=lambda minimum: minimum.cost)
    return problem.result(best)


class _Problem:
    """Unknowns: a turn of the camera about the axes of the array, and logarithm of range and instant of each sound."""

    def __init__(self, directions: SoundDirections, camera: Pose, tilt_std_rad: float) -> None:
        self._directions, self._camera = directions, camera
        errors = np.hypot(POSITION_STD_M * directions.samples_per_m, LAG_STD_SAMPLES)
        self._lag_std = np.hypot(errors, directions.misfits_samples)[:, None]
        self._sound_count = len(directions.rays)
        self._rotation_std = np.array([tilt_std_rad, tilt_std_rad, YAW_STD_RAD])

    def start(self, heading_rad: float) -> FloatArray:
        vector = np.concatenate([[0.0, 0.0, np.angle(np.exp(1j * heading_rad))], np.zeros(2 * self._sound_count)])
        vector[3 + self._sound_count :] = np.median(self._lag_residuals(vector), axis=1)
        return vector

    def minimum(self, start: FloatArray) -> FitResult:
        return minimize_robust(
            self._residuals, self._jacobian, start, self._directions.lags_samples.size, MAX_ITERATIONS
        )

    def result(self, found: FitResult) -> CameraRotation:
        std = np.sqrt(np.maximum(np.diag(np.linalg.inv(found.hessian)), 0))
        residual = self._lag_residuals(found.unknowns)
        spread = max(1.4826 * float(np.median(np.abs(residual / self._lag_std))), 1.0)
        return CameraRotation(
            self._rotation_matrix(found.unknowns),
            std[:3] * spread,
            self._bearing_errors(found.unknowns, residual),
            residual,
        )

    def _residuals(self, vector: FloatArray) -> FloatArray:
        lags = (self._lag_residuals(vector) / self._lag_std).ravel()
        return np.concatenate([lags, vector[:3] / self._rotation_std, vector[3 : 3 + self._sound_count] / RANGE_STD])

    def _jacobian(self, vector: FloatArray) -> FloatArray:
        steps = np.eye(len(vector)) * DERIVATIVE_STEP
        columns = [
            (self._residuals(vector + step) - self._residuals(vector - step)) / (2 * DERIVATIVE_STEP) for step in steps
        ]
        return np.stack(columns, axis=1)

    def _rotation_matrix(self, vector: FloatArray) -> FloatArray:
        return np.asarray(self._rotation_increment(vector) @ self._camera.rotation)

    def _source_positions(self, vector: FloatArray) -> FloatArray:
        away = self._directions.distance_m * np.exp(vector[3 : 3 + self._sound_count])
        return self._camera.translation_m + (self._directions.rays * away[:, None]) @ self._rotation_matrix(vector).T

    def _lag_residuals(self, vector: FloatArray) -> FloatArray:
        """Return what stays unexplained of the lags (sound, mic)."""
        directions, places = self._directions, self._source_positions(vector)
        path_lengths_m = np.linalg.norm(places[:, None] - directions.positions_m, axis=2)
        path_lengths_m -= np.linalg.norm(places - directions.positions_m.mean(axis=0), axis=1)[:, None]
        return np.asarray(
            directions.lags_samples - path_lengths_m * directions.samples_per_m - vector[3 + self._sound_count :, None]
        )

    def _bearing_errors(self, vector: FloatArray, residual: FloatArray) -> FloatArray:
        """Return by which turn about z each sound would explain its own lags best."""
        turned = vector.copy()
        small_rotation = np.asarray(cv2.Rodrigues(np.array([0.0, 0.0, DERIVATIVE_STEP]))[0], dtype=np.float64)
        turned[:3] = np.asarray(
            cv2.Rodrigues(small_rotation @ self._rotation_increment(vector))[0], dtype=np.float64
        ).ravel()
        slopes = (self._lag_residuals(turned) - residual) / DERIVATIVE_STEP
        slopes -= slopes.mean(axis=1, keepdims=True)
        return np.asarray(-(slopes * residual).sum(axis=1) / np.maximum((slopes**2).sum(axis=1), 1e-12))

    @staticmethod
    def _rotation_increment(vector: FloatArray) -> FloatArray:
        return np.asarray(cv2.Rodrigues(vector[:3].copy())[0], dtype=np.float64)
