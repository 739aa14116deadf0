# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Nonlinear least squares in which single values that contradict the rest hardly count."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

# A value that is off by many standard deviations costs no more than one that is off by this many.
OUTLIER = 4.0
FIRST_DAMPING, MOST_DAMPING, LEAST_DAMPING = 1e-2, 1e12, 1e-10


@dataclass(frozen=True)
class Minimum:
    """Where a search ended.

    Attributes:
        unknowns: (unknown,).
        cost: Half of the loss where the search was robust, and of the squares elsewhere.
        curvature: Of the cost (unknown, unknown), its inverse is the covariance.

    """

    unknowns: Array
    cost: float
    curvature: Array


def robust_minimum(
    residuals: Callable[[Array], Array],
    jacobian: Callable[[Array], Array],
    start: Array,
    robust: int,
    steps: int,
    enough: float = 1e-9,
) -> Minimum:
    """Search downhill (Levenberg 1944, Marquardt 1963) under the loss of Geman and McClure (1987), which is bounded.

    Args:
        residuals: In standard deviations (residual,).
        jacobian: Their derivatives (residual, unknown).
        start: Where the search begins (unknown,).
        robust: So many of the first residuals may be outliers.
        steps: It ends after so many at the latest.
        enough: It ends where a step takes off less than this share of the cost.

    """
    unknowns, damping = start, FIRST_DAMPING
    rest = residuals(unknowns)
    cost = _cost(rest, robust)
    for _ in range(steps):
        gradient, curvature = _local(rest, jacobian(unknowns), robust)
        # What is hardly felt now, as the elevation of a sound beside a flat array, may be felt after a step: it takes
        # no longer steps than the others, or all of them would have to become short.
        scale = np.maximum(np.diag(curvature), max(float(np.median(np.diag(curvature))), 1e-12))
        while damping < MOST_DAMPING:
            tried = unknowns - np.linalg.solve(curvature + damping * np.diag(scale), gradient)
            tried_rest = residuals(tried)
            tried_cost = _cost(tried_rest, robust)
            if tried_cost < cost:
                break
            damping *= 4
        else:
            break
        ended = cost - tried_cost < enough * cost
        unknowns, rest, cost, damping = tried, tried_rest, tried_cost, max(damping / 5, LEAST_DAMPING)
        if ended:
            break
    return Minimum(unknowns, cost, _local(rest, jacobian(unknowns), robust)[1])


def _cost(rest: Array, robust: int) -> float:
    squares = rest[:robust] ** 2
    bent = squares / (1 + squares / OUTLIER**2)
    return float(bent.sum() + (rest[robust:] ** 2).sum()) / 2


def _local(rest: Array, slopes: Array, robust: int) -> tuple[Array, Array]:
    """Return gradient and curvature of the cost."""
    weights = np.ones(len(rest))
    weights[:robust] = (1 + (rest[:robust] / OUTLIER) ** 2) ** -2.0
    weighed = slopes.T * weights
    return weighed @ rest, weighed @ slopes
