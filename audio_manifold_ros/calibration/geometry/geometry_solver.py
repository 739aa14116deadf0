# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Global search for the solution of the self-calibration, from several starts."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

from audio_manifold_ros.calibration.geometry.geometry_problem import RANGE_M, GeometryProblem, GeometryState, sources
from audio_manifold_ros.calibration.geometry.robust_least_squares import FitResult, minimize_robust
from audio_manifold_ros.common.array_types import FloatArray
from audio_manifold_ros.common.units import MAD_TO_STD

# Lags get a larger standard deviation at first, because the initial positions are wrong by whole samples.
INITIAL_NOISE_FACTORS, NOISE_FACTORS = (20.0, 10.0, 5.0), (4.0, 2.0, 1.0)
MAX_ITERATIONS, MIN_IMPROVEMENT, COARSE_TOLERANCE, FINE_TOLERANCE = 40, 1e-3, 1e-3, 1e-9
AZIMUTHS, ELEVATIONS_RAD, RANGES_M = 48, np.radians(np.arange(-60, 61, 20)), (1.2, 2.0, 3.5, 7.0)


@dataclass(frozen=True)
class GeometrySolution:
    """Solution relative to the centre of the rig's positions.

    Attributes:
        at: Values of the unknowns.
        covariance: Covariance of the unknowns (unknown, unknown), in the order of `GeometryState.vector`.
        residual_samples: Residual of each lag (event, mic).

    """

    at: GeometryState
    covariance: FloatArray
    residual_samples: FloatArray


def solve_geometry(problem: GeometryProblem) -> GeometrySolution:
    """Return the most likely positions.

    A flat array receives sound from above and from below alike, which causes many local minima. The search starts from
    the rig's positions and from their projection onto a plane, each with three noise levels, and with and without
    relocation of the sounds between the stages. The solution with the lowest cost wins.
    """
    shapes = (problem.nominal, project_to_plane(problem.nominal))
    found = [
        _descend(problem, shape, initial_noise=initial_noise, relocate=relocate)
        for shape, initial_noise, relocate in product(shapes, INITIAL_NOISE_FACTORS, (False, True))
    ]
    best = _refine(problem, min(found, key=lambda minimum: minimum.cost))
    problem.noise = max(_lag_spread(problem, problem.unknowns(best.unknowns)), 1.0)
    last = _minimize(problem, best.unknowns, FINE_TOLERANCE)
    at = problem.unknowns(last.unknowns)
    return GeometrySolution(at, np.asarray(np.linalg.inv(last.hessian), dtype=np.float64), problem.lag_residuals(at))


def project_to_plane(positions: FloatArray) -> FloatArray:
    """Return positions (mic, 3) projected onto their best-fit plane."""
    centred = positions - positions.mean(axis=0)
    normal = np.linalg.svd(centred)[2][-1]
    return np.asarray(positions - (centred @ normal)[:, None] * normal)


def _descend(problem: GeometryProblem, positions: FloatArray, *, initial_noise: float, relocate: bool) -> FitResult:
    problem.noise = initial_noise
    vector = _locate_sources(problem, positions, problem.prior.delays_samples, np.zeros(1))
    for stage in (initial_noise, *NOISE_FACTORS[:-1]):
        problem.noise = stage
        vector = _minimize(problem, vector).unknowns
        if relocate:
            vector = _relocate_sources(problem, vector)
    problem.noise = NOISE_FACTORS[-1]
    return _minimize(problem, vector)


def _refine(problem: GeometryProblem, best: FitResult) -> FitResult:
    """Relocate the sounds and minimise again until the cost stops falling."""
    while True:
        found = _minimize(problem, _relocate_sources(problem, best.unknowns))
        if found.cost > best.cost * (1 - MIN_IMPROVEMENT):
            return best
        best = found


def _minimize(problem: GeometryProblem, vector: FloatArray, tolerance: float = COARSE_TOLERANCE) -> FitResult:
    return minimize_robust(
        problem.residuals, problem.jacobian, vector, problem.measured_count, MAX_ITERATIONS, tolerance
    )


def _relocate_sources(problem: GeometryProblem, vector: FloatArray) -> FloatArray:
    at = problem.unknowns(vector)
    return _locate_sources(problem, at.positions, at.delays, at.slowness)


def _locate_sources(
    problem: GeometryProblem, positions: FloatArray, delays: FloatArray, slowness: FloatArray
) -> FloatArray:
    """Return unknowns with each sound at the grid point that fits its lags best."""
    grid = np.meshgrid(np.arange(AZIMUTHS) * 2 * np.pi / AZIMUTHS, ELEVATIONS_RAD, np.log(np.array(RANGES_M) / RANGE_M))
    azimuths, elevations, ranges = (part.ravel() for part in grid)
    places = sources(azimuths, elevations, ranges)
    away = np.linalg.norm(places, axis=1)[:, None]
    empty = np.zeros(0)
    scale = (
        problem.samples_per_m * GeometryState(positions, delays, slowness, empty, empty, empty, empty).slowness_factor
    )
    expected = (np.linalg.norm(places[:, None] - positions, axis=2) - away) * scale + delays
    instants = np.median(problem.lags[:, None] - expected, axis=2)
    lag_residuals = (problem.lags[:, None] - expected - instants[:, :, None]) / (
        problem.lag_std[:, :, None] * problem.noise
    )
    best = np.log1p(lag_residuals**2).sum(axis=2).argmin(axis=1)
    at = instants[np.arange(len(best)), best]
    return GeometryState(positions, delays, slowness, azimuths[best], elevations[best], ranges[best], at).vector()


def _lag_spread(problem: GeometryProblem, at: GeometryState) -> float:
    """Return the noise of the lags in units of `lag_std`, from the median of the absolute residuals."""
    lag_residuals = problem.lag_residuals(at) / problem.lag_std
    events, mics = lag_residuals.shape
    free = 1 - (4 * events + 4 * mics) / lag_residuals.size
    return float(MAD_TO_STD * np.median(np.abs(lag_residuals)) / np.sqrt(max(free, 0.1)))
