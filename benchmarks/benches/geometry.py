# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Benchmark of geometry: microphone positions from claps, for simulated rigs with wrong files in street noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from audio_manifold_ros.calibration.channels.impulsive_events import detect_events, estimate_event_tdoas
from audio_manifold_ros.calibration.geometry.array_self_calibration import estimate_geometry, fit_rigid_transform
from audio_manifold_ros.calibration.geometry.geometry_problem import GeometryPrior
from audio_manifold_ros.common.array_types import FloatArray
from audio_manifold_ros.common.errors import CalibrationError
from audio_manifold_ros.testing.clapped_rig import (
    CLAP_INTERVAL_S,
    POSITION_STD_M,
    measured_distances,
    misplaced_rig,
)
from audio_manifold_ros.testing.simulated_rig import RATE_HZ, SNR_DB
from benchmarks.harness.figure import Figure, at_most
from benchmarks.harness.short_mode import scaled_count

FIRST_SEED, RIGS = 984_000, 200
CLAPS, MAX_ERROR_M = 20, 0.02
SOUND_MPS, MAX_DELAY_S = 343.0, 0.002


@dataclass(frozen=True)
class GeometryError:
    """Position errors after alignment of the frames, in metres RMS.

    Attributes:
        before_m: Error of the rig file.
        after_m: Error of the estimate.
        in_plane_m: Error of the estimate in the plane of the array.
        std_m: Standard deviation that the estimate reports.

    """

    before_m: float
    after_m: float
    in_plane_m: float
    std_m: float


def geometry_error(seed: int) -> GeometryError:
    """Return the position errors of a rig before and after the estimate."""
    rig = misplaced_rig(seed)
    recorded = rig.device(rig.claps(CLAPS, rig.street(CLAPS * CLAP_INTERVAL_S)).pressure)
    max_lag_s = 1.5 * float(np.linalg.norm(np.ptp(rig.nominal.positions_m, axis=0))) / SOUND_MPS + MAX_DELAY_S
    tdoas = estimate_event_tdoas(recorded, RATE_HZ, detect_events(recorded, RATE_HZ, max_lag_s), max_lag_s)
    measurements = GeometryPrior.from_rig(rig.nominal, tuple(range(len(recorded))), RATE_HZ)
    found = estimate_geometry(tdoas, measurements, measured_distances(rig))
    after = _residuals_m(found.positions_m, rig.positions_m)
    return GeometryError(
        _rms(_residuals_m(rig.nominal.positions_m, rig.positions_m)),
        _rms(after),
        _rms(after[:, :2]),
        float(np.sqrt(np.einsum('mii->m', found.covariances_m2).mean())),
    )


def measure() -> list[Figure]:
    """Return the figures of the positions."""
    errors, refused = [], 0
    for seed in range(FIRST_SEED, FIRST_SEED + scaled_count(RIGS)):
        try:
            errors.append(geometry_error(seed))
        except CalibrationError as error:
            refused += 1
            print(f'rig {seed}: {error}')
            continue
        if errors[-1].after_m > MAX_ERROR_M:
            print(f'rig {seed}: {errors[-1]}')
    after_cm = [100 * error.after_m for error in errors]
    rigs = f'{len(errors) + refused} random rigs, {CLAPS} claps {SNR_DB:g} dB over a street, three taped distances'
    return [
        at_most(f'{rigs}: positions, largest error of a rig', max(after_cm), 'cm rms', 100 * MAX_ERROR_M),
        at_most('refused rigs', refused, '', 0),
        _median_cm('the same: median error of a rig', [error.after_m for error in errors]),
        _median_cm('the same: in the plane of the array', [error.in_plane_m for error in errors]),
        _median_cm('reported standard deviation, median', [error.std_m for error in errors]),
        _median_cm(
            f'before: files wrong by {100 * POSITION_STD_M:g} cm along each axis, median',
            [error.before_m for error in errors],
        ),
    ]


def _median_cm(what: str, values_m: list[float]) -> Figure:
    return Figure(what, 100 * float(np.median(values_m)), 'cm rms')


def _residuals_m(positions: FloatArray, ground_truth: FloatArray) -> FloatArray:
    rotation, translation = fit_rigid_transform(positions, ground_truth, np.ones(len(ground_truth)))
    return np.asarray(positions @ rotation.T + translation - ground_truth)


def _rms(residuals_m: FloatArray) -> float:
    return float(np.sqrt((residuals_m**2).sum(axis=1).mean()))
