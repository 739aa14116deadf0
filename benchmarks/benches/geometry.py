# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Positions of microphones from claps: simulated rigs in the noise of a street, whose files are wrong."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.calibration.channels.impulsive_events import event_arrivals, find_events
from audio_manifold_ros.calibration.geometry.array_self_calibration import find_geometry, rigid_fit
from audio_manifold_ros.calibration.geometry.geometry_problem import Known, TapedDistance
from audio_manifold_ros.rig.errors import CalibrationError
from audio_manifold_ros.testing.clapped_rig import EVERY_S, ClappedRig
from audio_manifold_ros.testing.simulated_rig import RATE_HZ, SNR_DB, octagon, rectangle
from benchmarks.harness.figure import Figure, at_most
from benchmarks.harness.short_mode import times

Array = NDArray[np.float64]

FIRST_SEED, RIGS = 984_000, 200
CLAPS, WRONG_M, MOST_M = 20, 0.05, 0.02
TAPED, TAPE_ERROR_M = ((0, 4), (2, 6), (0, 2)), 0.003
SOUND_MPS, LONGEST_DELAY_S = 343.0, 0.002


@dataclass(frozen=True)
class GeometryError:
    """How far positions are from the truth, frames laid onto one another, metres root mean square.

    Attributes:
        before_m: Those of the rig's file.
        after_m: Those that were found.
        level_m: The part of that in the plane of the array.
        std_m: What was said of it.

    """

    before_m: float
    after_m: float
    level_m: float
    std_m: float


def clapped_rig(seed: int) -> ClappedRig:
    """Return a rig whose file is wrong by five centimetres along each axis."""
    return ClappedRig(seed, (octagon(), rectangle())[seed % 2], WRONG_M)


def taped_distances(rig: ClappedRig) -> tuple[TapedDistance, ...]:
    """Return three distances as a person measures them."""
    positions = rig.positions_m
    return tuple(
        TapedDistance(
            first,
            second,
            float(np.linalg.norm(positions[first] - positions[second]) + rig.generator.normal(0, TAPE_ERROR_M)),
        )
        for first, second in TAPED
    )


def geometry_error(seed: int) -> GeometryError:
    """Return what is left of the errors of a rig."""
    rig = clapped_rig(seed)
    recorded = rig.device(rig.claps(CLAPS, rig.street(CLAPS * EVERY_S)).pressure)
    longest_s = 1.5 * float(np.linalg.norm(np.ptp(rig.said.positions_m, axis=0))) / SOUND_MPS + LONGEST_DELAY_S
    arrivals = event_arrivals(recorded, RATE_HZ, find_events(recorded, RATE_HZ, longest_s), longest_s)
    known = Known.from_rig(rig.said, tuple(range(len(recorded))), RATE_HZ)
    found = find_geometry(arrivals, known, taped_distances(rig))
    after = _apart(found.positions_m, rig.positions_m)
    return GeometryError(
        _rms(_apart(rig.said.positions_m, rig.positions_m)),
        _rms(after),
        _rms(after[:, :2]),
        float(np.sqrt(np.einsum('mii->m', found.covariances_m2).mean())),
    )


def measure() -> list[Figure]:
    """Return the figures of the positions."""
    errors, refused = [], 0
    for seed in range(FIRST_SEED, FIRST_SEED + times(RIGS)):
        try:
            errors.append(geometry_error(seed))
        except CalibrationError as error:
            refused += 1
            print(f'rig {seed}: {error}')
            continue
        if errors[-1].after_m > MOST_M:
            print(f'rig {seed}: {errors[-1]}')
    after_cm = [100 * error.after_m for error in errors]
    rigs = f'{len(errors) + refused} random rigs, {CLAPS} claps {SNR_DB:g} dB over a street, three taped distances'
    return [
        at_most(f'{rigs}: positions, largest error of a rig', max(after_cm), 'cm rms', 100 * MOST_M),
        at_most('rigs that were refused', refused, '', 0),
        _median_cm('the same: median error of a rig', [error.after_m for error in errors]),
        _median_cm('the same: in the plane of the array', [error.level_m for error in errors]),
        _median_cm('the standard deviation that is said of it, median', [error.std_m for error in errors]),
        _median_cm(
            f'before: files wrong by {100 * WRONG_M:g} cm along each axis, median', [error.before_m for error in errors]
        ),
    ]


def _median_cm(what: str, values_m: list[float]) -> Figure:
    return Figure(what, 100 * float(np.median(values_m)), 'cm rms')


def _apart(positions: Array, truth: Array) -> Array:
    turn, shift = rigid_fit(positions, truth, np.ones(len(truth)))
    return np.asarray(positions @ turn.T + shift - truth)


def _rms(apart: Array) -> float:
    return float(np.sqrt((apart**2).sum(axis=1).mean()))
