# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Camera rotation relative to the array, from sounds that are visible in the image and received by the array."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from audio_manifold_ros.calibration.geometry.robust_least_squares import FitResult, minimize_robust
from audio_manifold_ros.common.array_types import FloatArray
from audio_manifold_ros.common.errors import CalibrationError
from audio_manifold_ros.common.units import MAD_TO_STD
from audio_manifold_ros.rig.transform_chain import Pose

MIN_SOUNDS, MIN_SEPARATION_RAD = 6, np.radians(10)
# Priors: the camera is about level and has any heading. The sources are about as far away as given.
TILT_STD_RAD, LEVEL_STD_RAD, YAW_STD_RAD, RANGE_STD = 0.3, 1e-4, 2.0, 0.25
POSITION_STD_M, LAG_STD_SAMPLES = 0.005, 0.1
INITIAL_HEADINGS, MAX_ITERATIONS = 12, 60
DERIVATIVE_STEP = 1e-6


@dataclass(frozen=True)
class SoundDirections:
    """Directions of sounds for the camera, and their lags at the microphones.

    Attributes:
        lags_samples: Lag of each channel (sound, mic), relative to any reference of the sound.
        misfits_samples: Disagreement between the lags of a sound (sound,).
        rays: Unit vectors towards each sound in the optical frame of the camera (sound, 3).
        distance_m: Approximate distance from the array.
        positions_m: Positions of the microphones in the frame of the array (mic, 3).
        samples_per_m: Travel time of sound per metre, in samples.

    """

    lags_samples: FloatArray
    misfits_samples: FloatArray
    rays: FloatArray
    distance_m: float
    positions_m: FloatArray
    samples_per_m: float


@dataclass(frozen=True)
class CameraRotation:
    """Estimated rotation of the camera.

    Attributes:
        rotation: Rotation from the optical frame to the frame of the array (3, 3).
        std_rad: Standard deviations of small rotations about the axes x, y, z of the array (3,).
        bearing_error_rad: Error of each ray against the acoustic direction, about the array's z axis (sound,).
        residual_samples: Residual of each lag (sound, mic).

    """

    rotation: FloatArray
    std_rad: FloatArray
    bearing_error_rad: FloatArray
    residual_samples: FloatArray


def estimate_camera_rotation(directions: SoundDirections, camera: Pose, *, with_tilt: bool) -> CameraRotation:
    """Estimate the rotation of a camera whose position is known.

    The errors of the directions are evaluated in the lags, where the measurement noise is known. A flat array therefore
    contributes as little about elevation as it can measure (Wahba's problem 1965, with the error of each direction).

    Args:
        directions: Visual directions and lags.
        camera: Pose of the optical frame in the frame of the array, as in the rig files.
        with_tilt: True estimates tilt and heading. False estimates the rotation about the z axis of the array only.

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
            f'{len(directions.rays)} claps within {apart:.0f} degrees are too few: clap at {MIN_SOUNDS} or more '
            'places, from one side of the image to the other.'
        )
        raise CalibrationError(msg)
    problem = _Problem(directions, camera, TILT_STD_RAD if with_tilt else LEVEL_STD_RAD)
    starts = [problem.start(heading) for heading in np.arange(INITIAL_HEADINGS) * 2 * np.pi / INITIAL_HEADINGS]
    best = min((problem.minimum(start) for start in starts), key=lambda minimum: minimum.cost)
    return problem.result(best)


class _Problem:
    """Unknowns: rotation of the camera about the axes of the array, and log range and emission time of each sound."""

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
        spread = max(MAD_TO_STD * float(np.median(np.abs(residual / self._lag_std))), 1.0)
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
        """Return the residuals of the lags, in samples (sound, mic)."""
        directions, places = self._directions, self._source_positions(vector)
        path_lengths_m = np.linalg.norm(places[:, None] - directions.positions_m, axis=2)
        path_lengths_m -= np.linalg.norm(places - directions.positions_m.mean(axis=0), axis=1)[:, None]
        return np.asarray(
            directions.lags_samples - path_lengths_m * directions.samples_per_m - vector[3 + self._sound_count :, None]
        )

    def _bearing_errors(self, vector: FloatArray, residual: FloatArray) -> FloatArray:
        """Return the rotation about z that fits the lags of each sound best (sound,)."""
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
