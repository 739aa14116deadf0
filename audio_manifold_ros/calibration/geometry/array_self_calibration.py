# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Self-calibration of microphone positions from sounds at unknown places and a few measured distances.

Positions of microphones and sounds, delays of the channels and the speed of sound are estimated together. Plinge,
Jacob, Haeb-Umbach and Fink 2016 review this method as geometry calibration from time differences. Sound determines the
shape of the array only. Its position and orientation are taken from the positions in the rig file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.calibration.channels.azimuth_coverage import check_azimuth_coverage
from audio_manifold_ros.calibration.channels.tdoa import TdoaEstimates
from audio_manifold_ros.calibration.geometry.geometry_problem import (
    SOUND_SPEED_STD,
    GeometryPrior,
    GeometryProblem,
    GeometryState,
    MeasuredDistance,
)
from audio_manifold_ros.calibration.geometry.geometry_solver import solve_geometry
from audio_manifold_ros.common.array_types import FloatArray
from audio_manifold_ros.common.errors import CalibrationError

MIN_MICROPHONES, MIN_EVENTS = 5, 8
MIN_CLARITY, MAX_MISFIT_SAMPLES = 0.15, 1.0
SOUND_SPEED_RANGE_MPS, MAX_DISTANCE_ERROR_M = (300.0, 375.0), 0.02
# An array that is flatter than this equals its mirror image. The solution that is this many times closer wins.
MAX_FLAT_HEIGHT_M, MIRROR_RATIO = 0.01, 1.5


@dataclass(frozen=True)
class GeometryEstimate:
    """Estimated geometry in the frame of the rig.

    Attributes:
        positions_m: Positions of the microphones (mic, 3).
        covariances_m2: Covariance of each position (mic, 3, 3), in a frame that is fitted to the old positions.
        events_m: Positions of the sounds (event, 3).
        used_events: Indices of these sounds in the TDOAs (event,).
        delays_samples: Delay of each channel relative to the mean (mic,).
        delays_std_samples: Standard deviation of the delays (mic,).
        sound_mps: Speed of sound.
        sound_std_mps: Standard deviation of the speed of sound.
        residual_samples: Residual of each lag (event, mic).
        normal: Unit normal of the best-fit plane of the array (3,).
        is_mirror_ambiguous: Whether the positions mirrored at that plane differ and are about as close to those of the
            rig. They fit the lags equally well.

    """

    positions_m: FloatArray
    covariances_m2: FloatArray
    events_m: FloatArray
    used_events: NDArray[np.int64]
    delays_samples: FloatArray
    delays_std_samples: FloatArray
    sound_mps: float
    sound_std_mps: float
    residual_samples: FloatArray
    normal: FloatArray
    is_mirror_ambiguous: bool


def estimate_geometry(
    tdoas: TdoaEstimates, prior: GeometryPrior, measured_distances: tuple[MeasuredDistance, ...]
) -> GeometryEstimate:
    """Estimate the positions of the microphones.

    Args:
        tdoas: TDOAs of the events.
        prior: Values known before the measurement.
        measured_distances: One or more distances between microphones.

    Raises:
        CalibrationError: There are too few microphones or events, the events leave a side open, or the distances
            contradict the TDOAs.

    """
    used_events = np.flatnonzero((tdoas.clarity > MIN_CLARITY) & (tdoas.misfit_samples < MAX_MISFIT_SAMPLES))
    mics = len(prior.positions_m)
    if mics < MIN_MICROPHONES:
        msg = (
            f'{mics} microphones are too few, because each sound adds four unknowns (position and time): use '
            f'{MIN_MICROPHONES} microphones or more.'
        )
        raise CalibrationError(msg)
    if len(used_events) < MIN_EVENTS:
        msg = (
            f'Only {len(used_events)} of {len(tdoas.times_s)} sounds are clear: clap {MIN_EVENTS} times or more '
            '(twenty are good) on all sides of the array, and louder or closer in a noisy street.'
        )
        raise CalibrationError(msg)
    problem = GeometryProblem(
        tdoas.lags_samples[used_events], tdoas.misfit_samples[used_events], prior, measured_distances
    )
    solution = solve_geometry(problem)
    at = solution.at
    sound_mps = prior.sound_mps / at.slowness_factor
    _check_distances(at.positions, measured_distances, sound_mps)
    directions = at.sources - at.positions.mean(axis=0)
    check_azimuth_coverage(np.arctan2(directions[:, 1], directions[:, 0]))
    middle = at.positions.mean(axis=0)
    normal = np.linalg.svd(at.positions - middle)[2][-1]
    heights = (at.positions - middle) @ normal
    near, far = sorted(_mirror_solutions(at, normal, prior), key=lambda side: side.rms_distance_m)
    undecided = bool(far.rms_distance_m < MIRROR_RATIO * near.rms_distance_m)
    std = np.sqrt(np.maximum(np.diag(solution.covariance), 0))
    parts = np.array([solution.covariance[3 * mic : 3 * mic + 3, 3 * mic : 3 * mic + 3] for mic in range(mics)])
    if undecided:
        # The mirror image is equally likely, and its distance is twice the height.
        parts += 2 * (heights**2)[:, None, None] * np.outer(normal, normal)
    return GeometryEstimate(
        near.positions_m,
        near.rotation @ parts @ near.rotation.T,
        near.events_m,
        used_events,
        at.delays - at.delays.mean(),
        std[problem.split_indices[0] : problem.split_indices[1]],
        float(sound_mps),
        float(std[problem.split_indices[1]] * SOUND_SPEED_STD * sound_mps),
        solution.residual_samples,
        near.rotation @ normal,
        bool(undecided and np.abs(heights).max() > MAX_FLAT_HEIGHT_M),
    )


def fit_rigid_transform(points: FloatArray, onto: FloatArray, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the rotation (3, 3) and translation (3,) that align points with others (Kabsch 1976, Umeyama 1991).

    Args:
        points: Points to move (point, 3).
        onto: Target points (point, 3).
        weights: Weights of the points (point,).

    """
    fractions = weights[:, None] / weights.sum()
    middle, goal = (fractions * points).sum(axis=0), (fractions * onto).sum(axis=0)
    left, _, right = np.linalg.svd((onto - goal).T @ (fractions * (points - middle)))
    side = np.diag([1.0, 1.0, np.linalg.det(left @ right)])
    rotation = left @ side @ right
    return rotation, goal - rotation @ middle


def _check_distances(positions: FloatArray, measured_distances: tuple[MeasuredDistance, ...], sound_mps: float) -> None:
    estimated_m = [float(np.linalg.norm(positions[pair.first] - positions[pair.second])) for pair in measured_distances]
    fits = [
        abs(distance_m - pair.distance_m) < MAX_DISTANCE_ERROR_M
        for distance_m, pair in zip(estimated_m, measured_distances, strict=True)
    ]
    if 2 * sum(fits) < len(fits) or not SOUND_SPEED_RANGE_MPS[0] < sound_mps < SOUND_SPEED_RANGE_MPS[1]:
        mismatches = ', '.join(
            f'measured {pair.distance_m:g} m, estimated {distance_m:.2f} m'
            for distance_m, pair in zip(estimated_m, measured_distances, strict=True)
        )
        msg = (
            f'The measured distances do not fit the sounds ({mismatches}, speed of sound {sound_mps:.0f} m/s): measure '
            'them again between the centres of the microphones, and check the names.'
        )
        raise CalibrationError(msg)


@dataclass(frozen=True)
class _MirrorSolution:
    """One of two mirrored solutions, aligned with the rig: rotation (3, 3) and distance from the rig's positions."""

    positions_m: FloatArray
    events_m: FloatArray
    rotation: FloatArray
    rms_distance_m: float


def _mirror_solutions(at: GeometryState, normal: FloatArray, prior: GeometryPrior) -> Iterator[_MirrorSolution]:
    middle = at.positions.mean(axis=0)
    for mirror in (np.eye(3), np.eye(3) - 2 * np.outer(normal, normal)):
        positions, events = ((points - middle) @ mirror for points in (at.positions, at.sources))
        rotation, shift = fit_rigid_transform(positions, prior.positions_m, prior.weights)
        placed = positions @ rotation.T + shift
        away = (prior.weights * ((placed - prior.positions_m) ** 2).sum(axis=1)).sum() / prior.weights.sum()
        yield _MirrorSolution(placed, events @ rotation.T + shift, rotation @ mirror, float(np.sqrt(away)))
