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

from audio_manifold_ros.calibration.channels.azimuth_coverage import check_all_round
from audio_manifold_ros.calibration.channels.tdoa import Arrivals
from audio_manifold_ros.calibration.geometry.geometry_problem import (
    SOUND_STD,
    GeometryProblem,
    Known,
    TapedDistance,
    Unknowns,
)
from audio_manifold_ros.calibration.geometry.geometry_search import solve
from audio_manifold_ros.rig.errors import CalibrationError

Array = NDArray[np.float64]

LEAST_MICROPHONES, LEAST_EVENTS = 5, 8
LEAST_CLARITY, MOST_MISFIT_SAMPLES = 0.15, 1.0
SOUND_RANGE_MPS, MOST_TAPE_ERROR_M = (300.0, 375.0), 0.02
# An array as flat as this is its own mirror image; one solution is the right one where it is so many times nearer.
FLAT_M, MIRROR_RATIO = 0.01, 1.5


@dataclass(frozen=True)
class ArrayGeometry:
    """The result, in the frame of the rig.

    Attributes:
        positions_m: Of the microphones (mic, 3).
        covariances_m2: Of each position (mic, 3, 3), for a frame that lies in the array as the old positions do.
        events_m: Where the sounds were (event, 3).
        used: Which of the arrivals these are (event,).
        delays_samples: How late each channel is (mic,), against their mean.
        delays_std_samples: Standard deviation of these (mic,).
        sound_mps: Speed of sound.
        sound_std_mps: Its standard deviation.
        rest_samples: What stays unexplained of each lag (event, mic).
        normal: Unit vector across the plane that lies in the array best (3,).
        mirrored: Whether the positions mirrored at that plane, which explain what was heard just as well, are about as
            near to those of the rig, and differ.

    """

    positions_m: Array
    covariances_m2: Array
    events_m: Array
    used: NDArray[np.int64]
    delays_samples: Array
    delays_std_samples: Array
    sound_mps: float
    sound_std_mps: float
    rest_samples: Array
    normal: Array
    mirrored: bool


def find_geometry(arrivals: Arrivals, known: Known, taped: tuple[TapedDistance, ...]) -> ArrayGeometry:
    """Solve for the positions of the microphones.

    Args:
        arrivals: What every event says.
        known: What is known of the array before.
        taped: Distances between microphones; one or more.

    Raises:
        CalibrationError: There are too few microphones or events, the events leave a side open, or the distances do not
            fit what was heard.

    """
    used = np.flatnonzero((arrivals.clarity > LEAST_CLARITY) & (arrivals.misfit_samples < MOST_MISFIT_SAMPLES))
    mics = len(known.positions_m)
    if mics < LEAST_MICROPHONES:
        msg = (
            f'{mics} microphones: every sound has a place and an instant to be found, which takes four; positions can '
            f'be measured with {LEAST_MICROPHONES} microphones or more.'
        )
        raise CalibrationError(msg)
    if len(used) < LEAST_EVENTS:
        msg = (
            f'Only {len(used)} of {len(arrivals.times_s)} sounds are clear: clap {LEAST_EVENTS} times or more, all '
            'round the array, twenty times are good; louder, or closer, where the street is loud.'
        )
        raise CalibrationError(msg)
    problem = GeometryProblem(arrivals.lags_samples[used], arrivals.misfit_samples[used], known, taped)
    solution = solve(problem)
    at = solution.at
    sound_mps = known.sound_mps / at.stretch
    _check_distances(at.positions, taped, sound_mps)
    directions = at.sources - at.positions.mean(axis=0)
    check_all_round(np.arctan2(directions[:, 1], directions[:, 0]))
    middle = at.positions.mean(axis=0)
    normal = np.linalg.svd(at.positions - middle)[2][-1]
    heights = (at.positions - middle) @ normal
    near, far = sorted(_both_sides(at, normal, known), key=lambda side: side.away_m)
    undecided = bool(far.away_m < MIRROR_RATIO * near.away_m)
    std = np.sqrt(np.maximum(np.diag(solution.covariance), 0))
    parts = np.array([solution.covariance[3 * mic : 3 * mic + 3, 3 * mic : 3 * mic + 3] for mic in range(mics)])
    if undecided:
        # As likely as not the truth is the mirror image, twice a height away.
        parts += 2 * (heights**2)[:, None, None] * np.outer(normal, normal)
    return ArrayGeometry(
        near.positions_m,
        near.turn @ parts @ near.turn.T,
        near.events_m,
        used,
        at.delays - at.delays.mean(),
        std[problem.cuts[0] : problem.cuts[1]],
        float(sound_mps),
        float(std[problem.cuts[1]] * SOUND_STD * sound_mps),
        solution.rest_samples,
        near.turn @ normal,
        bool(undecided and np.abs(heights).max() > FLAT_M),
    )


def rigid_fit(points: Array, onto: Array, weights: Array) -> tuple[Array, Array]:
    """Return rotation (3, 3) and shift (3,) that lay points on others best (Kabsch 1976; Umeyama 1991).

    Args:
        points: (point, 3).
        onto: (point, 3).
        weights: (point,).

    """
    share = weights[:, None] / weights.sum()
    middle, goal = (share * points).sum(axis=0), (share * onto).sum(axis=0)
    left, _, right = np.linalg.svd((onto - goal).T @ (share * (points - middle)))
    side = np.diag([1.0, 1.0, np.linalg.det(left @ right)])
    turn = left @ side @ right
    return turn, goal - turn @ middle


def _check_distances(positions: Array, taped: tuple[TapedDistance, ...], sound_mps: float) -> None:
    heard = [float(np.linalg.norm(positions[pair.first] - positions[pair.second])) for pair in taped]
    fits = [abs(metres - pair.metres) < MOST_TAPE_ERROR_M for metres, pair in zip(heard, taped, strict=True)]
    if 2 * sum(fits) < len(fits) or not SOUND_RANGE_MPS[0] < sound_mps < SOUND_RANGE_MPS[1]:
        said = ', '.join(f'{pair.metres:g} m for {metres:.2f} m' for metres, pair in zip(heard, taped, strict=True))
        msg = (
            f'The given distances do not fit what was heard ({said}, with sound at {sound_mps:.0f} m/s): measure them '
            'again, between the middles of the capsules, and see that the names are right.'
        )
        raise CalibrationError(msg)


@dataclass(frozen=True)
class _Side:
    """One of two solutions that differ by a mirror, laid on the rig: the turn (3, 3), and how far it stays away."""

    positions_m: Array
    events_m: Array
    turn: Array
    away_m: float


def _both_sides(at: Unknowns, normal: Array, known: Known) -> Iterator[_Side]:
    middle = at.positions.mean(axis=0)
    for mirror in (np.eye(3), np.eye(3) - 2 * np.outer(normal, normal)):
        positions, events = ((points - middle) @ mirror for points in (at.positions, at.sources))
        turn, shift = rigid_fit(positions, known.positions_m, known.weights)
        placed = positions @ turn.T + shift
        away = (known.weights * ((placed - known.positions_m) ** 2).sum(axis=1)).sum() / known.weights.sum()
        yield _Side(placed, events @ turn.T + shift, turn @ mirror, float(np.sqrt(away)))
