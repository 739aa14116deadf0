# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Nonlinear least squares in which single values that contradict the rest hardly count."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from audio_manifold_ros.common.array_types import FloatArray

# A value that is off by many standard deviations costs no more than one that is off by this many.
OUTLIER_SIGMAS = 4.0
INITIAL_DAMPING, MAX_DAMPING, MIN_DAMPING = 1e-2, 1e12, 1e-10


@dataclass(frozen=True)
class FitResult:
    """Where a search ended.

    Attributes:
        unknowns: (unknown,).
        cost: Half of the loss where the search was robust, and of the squares elsewhere.
        hessian: Of the cost (unknown, unknown), its inverse is the covariance.

    """

    unknowns: FloatArray
    cost: float
    hessian: FloatArray


def minimize_robust(
    residuals: Callable[[FloatArray], FloatArray],
    jacobian: Callable[[FloatArray], FloatArray],
    start: FloatArray,
    robust_count: int,
    max_iterations: int,
    tolerance: float = 1e-9,
) -> FitResult:
    """Search downhill (Levenberg 1944, Marquardt 1963) under the loss of Geman and McClure (1987), which is bounded.

    Args:
        residuals: In standard deviations (residual,).
        jacobian: Their derivatives (residual, unknown).
        start: Where the search begins (unknown,).
        robust_count: So many of the first residuals may be outliers.
        max_iterations: It ends after so many at the latest.
        tolerance: It ends where a step takes off less than this share of the cost.

    """
    unknowns, damping = start, INITIAL_DAMPING
    residual = residuals(unknowns)
    cost = _cost(residual, robust_count)
    for _ in range(max_iterations):
        gradient, hessian = _gradient_and_hessian(residual, jacobian(unknowns), robust_count)
        # What is hardly felt now, as the elevation of a sound beside a flat array, may be felt after a step: it takes
        # no longer steps than the others, or all of them would have to become short.
        scale = np.maximum(np.diag(hessian), max(float(np.median(np.diag(hessian))), 1e-12))
        while damping < MAX_DAMPING:
            candidate = unknowns - np.linalg.solve(hessian + damping * np.diag(scale), gradient)
            candidate_residual = residuals(candidate)
            candidate_cost = _cost(candidate_residual, robust_count)
            if candidate_cost < cost:
                break
            damping *= 4
        else:
            break
        ended = cost - candidate_cost < tolerance * cost
        unknowns, residual, cost, damping = candidate, candidate_residual, candidate_cost, max(damping / 5, MIN_DAMPING)
        if ended:
            break
    return FitResult(unknowns, cost, _gradient_and_hessian(residual, jacobian(unknowns), robust_count)[1])


def _cost(residual: FloatArray, robust_count: int) -> float:
    squares = residual[:robust_count] ** 2
    robust_cost = squares / (1 + squares / OUTLIER_SIGMAS**2)
    return float(robust_cost.sum() + (residual[robust_count:] ** 2).sum()) / 2


def _gradient_and_hessian(residual: FloatArray, slopes: FloatArray, robust_count: int) -> tuple[FloatArray, FloatArray]:
    """Return gradient and curvature of the cost."""
    weights = np.ones(len(residual))
    weights[:robust_count] = (1 + (residual[:robust_count] / OUTLIER_SIGMAS) ** 2) ** -2.0
    weighted = slopes.T * weights
    return weighted @ residual, weighted @ slopes
