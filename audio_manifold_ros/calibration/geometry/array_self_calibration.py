# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where the microphones are: from sounds at unknown places and a few distances measured with a tape.

Places of microphones and of sounds, delays of the channels and the speed of sound are solved for together (as in
Plinge, Jacob, Haeb-Umbach and Fink 2016, whose review calls this geometry calibration from time differences). Sound
alone tells a shape: where it lies and which way it looks is taken from the positions that the rig has already.
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
# An array as flat as this is its own mirror image; one solution is the right one where it is so many times nearer.
MAX_FLAT_HEIGHT_M, MIRROR_RATIO = 0.01, 1.5


@dataclass(frozen=True)
class GeometryEstimate:
    """The result, in the frame of the rig.

    Attributes:
        positions_m: Of the microphones (mic, 3).
        covariances_m2: Of each position (mic, 3, 3), for a frame that lies in the array as the old positions do.
        events_m: Where the sounds were (event, 3).
        used_events: Which of the tdoas these are (event,).
        delays_samples: How late each channel is (mic,), against their mean.
        delays_std_samples: Standard deviation of these (mic,).
        sound_mps: Speed of sound.
        sound_std_mps: Its standard deviation.
        residual_samples: What stays unexplained of each lag (event, mic).
        normal: Unit vector across the plane that lies in the array best (3,).
        is_mirror_ambiguous: Whether the positions mirrored at that plane, which explain what was heard just as well, are about as
            near to those of the rig, and differ.

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
    """Solve for the positions of the microphones.

    Args:
        tdoas: What every event says.
        prior: What is known of the array before.
        measured_distances: Distances between microphones; one or more.

    Raises:
        CalibrationError: There are too few microphones or events, the events leave a side open, or the distances do not
            fit what was heard.

    """
    used_events = np.flatnonzero((tdoas.clarity > MIN_CLARITY) & (tdoas.misfit_samples < MAX_MISFIT_SAMPLES))
    mics = len(prior.positions_m)
    if mics < MIN_MICROPHONES:
        msg = (
            f'{mics} microphones: every sound has a place and an instant to be found, which takes four; positions can '
            f'be measured with {MIN_MICROPHONES} microphones or more.'
        )
        raise CalibrationError(msg)
    if len(used_events) < MIN_EVENTS:
        msg = (
            f'Only {len(used_events)} of {len(tdoas.times_s)} sounds are clear: clap {MIN_EVENTS} times or more, all '
            'round the array, twenty times are good; louder, or closer, where the street is loud.'
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
        # As likely as not the truth is the mirror image, twice a height away.
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
    """Return rotation (3, 3) and shift (3,) that lay points on others best (Kabsch 1976; Umeyama 1991).

    Args:
        points: (point, 3).
        onto: (point, 3).
        weights: (point,).

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
            f'{pair.distance_m:g} m for {distance_m:.2f} m'
            for distance_m, pair in zip(estimated_m, measured_distances, strict=True)
        )
        msg = (
            f'The given distances do not fit what was heard ({mismatches}, with sound at {sound_mps:.0f} m/s): measure them '
            'again, between the middles of the capsules, and see that the names are right.'
        )
        raise CalibrationError(msg)


@dataclass(frozen=True)
class _MirrorSolution:
    """One of two solutions that differ by a mirror, laid on the rig: the turn (3, 3), and how far it stays away."""

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
