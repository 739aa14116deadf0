# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Robust least squares."""

from __future__ import annotations

import numpy as np
import pytest

from audio_manifold_ros.calibration.geometry.robust_least_squares import minimize_robust
from audio_manifold_ros.common.array_types import FloatArray


def test_outliers_do_not_change_a_line_fit() -> None:
    generator = np.random.default_rng(0)
    x = np.linspace(0, 10, 60)
    y = 3 * x - 2 + generator.normal(0, 1, 60)
    y[::9] += 50
    slopes = np.stack([x, np.ones(60)], axis=1)
    found = minimize_robust(lambda at: slopes @ at - y, lambda _: slopes, np.array([2.0, 0.0]), 60, 50)
    assert found.unknowns == pytest.approx([3, -2], abs=0.5)
    std = np.sqrt(np.diag(np.linalg.inv(found.hessian)))
    clean = np.sqrt(np.diag(np.linalg.inv(slopes.T @ slopes)))
    assert std == pytest.approx(clean, rel=0.35)


def test_residuals_that_are_not_robust_are_squared() -> None:
    expected = np.array([1.0, -3.0, 0.5])
    found = minimize_robust(lambda at: at - expected, lambda _: np.eye(3), np.zeros(3), 0, 50)
    assert found.unknowns == pytest.approx(expected, abs=1e-6)
    assert found.cost == pytest.approx(0, abs=1e-9)


def test_curved_valley_is_followed() -> None:
    def residuals(at: FloatArray) -> FloatArray:
        return np.array([10 * (at[1] - at[0] ** 2), 1 - at[0]])

    def jacobian(at: FloatArray) -> FloatArray:
        return np.array([[-20 * at[0], 10.0], [-1.0, 0.0]])

    assert minimize_robust(residuals, jacobian, np.array([-1.2, 1.0]), 0, 200).unknowns == pytest.approx(
        [1, 1], abs=1e-3
    )
