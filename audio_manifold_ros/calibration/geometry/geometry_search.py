# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Searches the equations of microphones and sounds for the places that explain best what was heard."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.calibration.geometry.geometry_problem import RANGE_M, GeometryProblem, Unknowns, sources
from audio_manifold_ros.calibration.geometry.robust_least_squares import Minimum, robust_minimum

Array = NDArray[np.float64]

# Lags are trusted less at first, while the places are wrong by whole samples.
FIRST_STAGES, STAGES = (20.0, 10.0, 5.0), (4.0, 2.0, 1.0)
STEPS, LEAST_GAIN, ROUGH, FINE = 40, 1e-3, 1e-3, 1e-9
AZIMUTHS, ELEVATIONS_RAD, RANGES_M = 48, np.radians(np.arange(-60, 61, 20)), (1.2, 2.0, 3.5, 7.0)


@dataclass(frozen=True)
class Solution:
    """What was found, against the middle of the rig's positions.

    Attributes:
        at: The unknowns.
        covariance: Theirs (unknown, unknown), in the order of `Unknowns.vector`.
        rest_samples: What stays unexplained (event, mic).

    """

    at: Unknowns
    covariance: Array
    rest_samples: Array


def solve(problem: GeometryProblem) -> Solution:
    """Return the most likely places.

    A flat array hears what is above it as it hears what is below, which makes many minima. The search begins with the
    rig's positions as they are and with all of them in one plane, and with and without placing the sounds anew in
    between; the best end counts.
    """
    shapes = (problem.nominal, flattened(problem.nominal))
    found = [
        _descended(problem, shape, first=first, anew=anew)
        for shape, first, anew in product(shapes, FIRST_STAGES, (False, True))
    ]
    best = _repaired(problem, min(found, key=lambda minimum: minimum.cost))
    problem.noise = max(_spread(problem, problem.unknowns(best.unknowns)), 1.0)
    last = _minimum(problem, best.unknowns, FINE)
    at = problem.unknowns(last.unknowns)
    return Solution(at, np.asarray(np.linalg.inv(last.curvature), dtype=np.float64), problem.rest(at))


def flattened(positions: Array) -> Array:
    """Return positions (mic, 3) moved into the plane that fits them best."""
    centred = positions - positions.mean(axis=0)
    normal = np.linalg.svd(centred)[2][-1]
    return np.asarray(positions - (centred @ normal)[:, None] * normal)


def _descended(problem: GeometryProblem, positions: Array, *, first: float, anew: bool) -> Minimum:
    problem.noise = first
    vector = _placed(problem, positions, problem.known.delays_samples, np.zeros(1))
    for stage in (first, *STAGES[:-1]):
        problem.noise = stage
        vector = _minimum(problem, vector).unknowns
        if anew:
            vector = _placed_at(problem, vector)
    problem.noise = STAGES[-1]
    return _minimum(problem, vector)


def _repaired(problem: GeometryProblem, best: Minimum) -> Minimum:
    """Place the sounds anew as long as that helps."""
    while True:
        found = _minimum(problem, _placed_at(problem, best.unknowns))
        if found.cost > best.cost * (1 - LEAST_GAIN):
            return best
        best = found


def _minimum(problem: GeometryProblem, vector: Array, enough: float = ROUGH) -> Minimum:
    return robust_minimum(problem.residuals, problem.jacobian, vector, problem.measured, STEPS, enough)


def _placed_at(problem: GeometryProblem, vector: Array) -> Array:
    at = problem.unknowns(vector)
    return _placed(problem, at.positions, at.delays, at.slower)


def _placed(problem: GeometryProblem, positions: Array, delays: Array, slower: Array) -> Array:
    """Return unknowns with every sound where microphones at these positions would have heard it best so."""
    grid = np.meshgrid(np.arange(AZIMUTHS) * 2 * np.pi / AZIMUTHS, ELEVATIONS_RAD, np.log(np.array(RANGES_M) / RANGE_M))
    azimuths, elevations, ranges = (part.ravel() for part in grid)
    places = sources(azimuths, elevations, ranges)
    away = np.linalg.norm(places, axis=1)[:, None]
    nobody = np.zeros(0)
    scale = problem.per_metre * Unknowns(positions, delays, slower, nobody, nobody, nobody, nobody).stretch
    expected = (np.linalg.norm(places[:, None] - positions, axis=2) - away) * scale + delays
    instants = np.median(problem.lags[:, None] - expected, axis=2)
    rest = (problem.lags[:, None] - expected - instants[:, :, None]) / (problem.lag_std[:, :, None] * problem.noise)
    best = np.log1p(rest**2).sum(axis=2).argmin(axis=1)
    at = instants[np.arange(len(best)), best]
    return Unknowns(positions, delays, slower, azimuths[best], elevations[best], ranges[best], at).vector()


def _spread(problem: GeometryProblem, at: Unknowns) -> float:
    """Return the standard deviation of the lags in their own units, from the smaller half of what is left."""
    rest = problem.rest(at) / problem.lag_std
    events, mics = rest.shape
    free = 1 - (4 * events + 4 * mics) / rest.size
    return float(1.4826 * np.median(np.abs(rest)) / np.sqrt(max(free, 0.1)))
