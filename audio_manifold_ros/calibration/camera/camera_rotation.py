# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which way a camera looks against the array: from sounds whose places it sees and the array hears."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.calibration.geometry.robust_least_squares import Minimum, robust_minimum
from audio_manifold_ros.rig.errors import CalibrationError
from audio_manifold_ros.rig.transform_chain import Pose

Array = NDArray[np.float64]

LEAST_SOUNDS, LEAST_APART_RAD = 6, np.radians(10)
# What is known before: a camera is mounted about level, and may look anywhere; people stand about where they say.
TILT_STD_RAD, LEVEL_STD_RAD, YAW_STD_RAD, RANGE_STD = 0.3, 1e-4, 2.0, 0.25
POSITION_STD_M, LAG_STD_SAMPLES = 0.005, 0.1
HEADINGS, STEPS = 12, 60
STEP = 1e-6


@dataclass(frozen=True)
class HeardDirections:
    """Sounds that were seen and heard.

    Attributes:
        lags_samples: How late each channel is (sound, mic), against any reference of the sound.
        misfits_samples: How well the lags of a sound agree (sound,).
        rays: Unit vectors towards each, in the optical frame of the camera (sound, 3).
        distance_m: From the array, about.
        positions_m: Of the microphones, in the frame of the array (mic, 3).
        samples_per_m: Samples that sound takes for a metre.

    """

    lags_samples: Array
    misfits_samples: Array
    rays: Array
    distance_m: float
    positions_m: Array
    samples_per_m: float


@dataclass(frozen=True)
class CameraHeading:
    """The result.

    Attributes:
        turn: Turns vectors of the optical frame into those of the array (3, 3).
        std_rad: Standard deviations of small turns about the axes x, y, z of the array (3,).
        off_rad: How far each ray misses the place that was heard, sideways about the array's z axis (sound,).
        rest_samples: What stays unexplained of each lag (sound, mic).

    """

    turn: Array
    std_rad: Array
    off_rad: Array
    rest_samples: Array


def find_heading(heard: HeardDirections, camera: Pose, *, tilted: bool) -> CameraHeading:
    """Solve for the rotation of a camera whose place is known.

    Directions are compared where they are measured best, in the lags, so that a flat array says no more of heights than
    it hears (Wahba's problem 1965, with every direction by its own error).

    Args:
        heard: What was seen and heard.
        camera: Optical frame in the frame of the array, as the rig says.
        tilted: Also find how the camera is tilted; otherwise it only turns about the z axis of the array.

    Raises:
        CalibrationError: There are too few sounds, or all are in one direction.

    """
    apart = np.degrees(np.arccos(np.clip(heard.rays @ heard.rays.T, -1, 1)).max()) if len(heard.rays) else 0.0
    if len(heard.rays) < LEAST_SOUNDS or np.radians(apart) < LEAST_APART_RAD:
        msg = (
            f'{len(heard.rays)} claps, up to {apart:.0f} degrees apart, are too few: clap at {LEAST_SOUNDS} places or '
            'more, from one side of the picture to the other.'
        )
        raise CalibrationError(msg)
    problem = _Problem(heard, camera, TILT_STD_RAD if tilted else LEVEL_STD_RAD)
    starts = [problem.start(heading) for heading in np.arange(HEADINGS) * 2 * np.pi / HEADINGS]
    best = min((problem.minimum(start) for start in starts), key=lambda minimum: minimum.cost)
    return problem.result(best)


class _Problem:
    """Unknowns: a turn of the camera about the axes of the array, and logarithm of range and instant of each sound."""

    def __init__(self, heard: HeardDirections, camera: Pose, tilt_std_rad: float) -> None:
        self._heard, self._camera = heard, camera
        errors = np.hypot(POSITION_STD_M * heard.samples_per_m, LAG_STD_SAMPLES)
        self._lag_std = np.hypot(errors, heard.misfits_samples)[:, None]
        self._sounds = len(heard.rays)
        self._turn_std = np.array([tilt_std_rad, tilt_std_rad, YAW_STD_RAD])

    def start(self, heading_rad: float) -> Array:
        vector = np.concatenate([[0.0, 0.0, np.angle(np.exp(1j * heading_rad))], np.zeros(2 * self._sounds)])
        vector[3 + self._sounds :] = np.median(self._rest(vector), axis=1)
        return vector

    def minimum(self, start: Array) -> Minimum:
        return robust_minimum(self._residuals, self._jacobian, start, self._heard.lags_samples.size, STEPS)

    def result(self, found: Minimum) -> CameraHeading:
        std = np.sqrt(np.maximum(np.diag(np.linalg.inv(found.curvature)), 0))
        rest = self._rest(found.unknowns)
        spread = max(1.4826 * float(np.median(np.abs(rest / self._lag_std))), 1.0)
        return CameraHeading(self._turn(found.unknowns), std[:3] * spread, self._sideways(found.unknowns, rest), rest)

    def _residuals(self, vector: Array) -> Array:
        lags = (self._rest(vector) / self._lag_std).ravel()
        return np.concatenate([lags, vector[:3] / self._turn_std, vector[3 : 3 + self._sounds] / RANGE_STD])

    def _jacobian(self, vector: Array) -> Array:
        steps = np.eye(len(vector)) * STEP
        columns = [(self._residuals(vector + step) - self._residuals(vector - step)) / (2 * STEP) for step in steps]
        return np.stack(columns, axis=1)

    def _turn(self, vector: Array) -> Array:
        return np.asarray(self._turned(vector) @ self._camera.turn)

    def _places(self, vector: Array) -> Array:
        away = self._heard.distance_m * np.exp(vector[3 : 3 + self._sounds])
        return self._camera.place_m + (self._heard.rays * away[:, None]) @ self._turn(vector).T

    def _rest(self, vector: Array) -> Array:
        """Return what stays unexplained of the lags (sound, mic)."""
        heard, places = self._heard, self._places(vector)
        ways = np.linalg.norm(places[:, None] - heard.positions_m, axis=2)
        ways -= np.linalg.norm(places - heard.positions_m.mean(axis=0), axis=1)[:, None]
        return np.asarray(heard.lags_samples - ways * heard.samples_per_m - vector[3 + self._sounds :, None])

    def _sideways(self, vector: Array, rest: Array) -> Array:
        """Return by which turn about z each sound would explain its own lags best."""
        turned = vector.copy()
        little = np.asarray(cv2.Rodrigues(np.array([0.0, 0.0, STEP]))[0], dtype=np.float64)
        turned[:3] = np.asarray(cv2.Rodrigues(little @ self._turned(vector))[0], dtype=np.float64).ravel()
        slopes = (self._rest(turned) - rest) / STEP
        slopes -= slopes.mean(axis=1, keepdims=True)
        return np.asarray(-(slopes * rest).sum(axis=1) / np.maximum((slopes**2).sum(axis=1), 1e-12))

    @staticmethod
    def _turned(vector: Array) -> Array:
        return np.asarray(cv2.Rodrigues(vector[:3].copy())[0], dtype=np.float64)
