# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Scattering by a rigid cylinder: its limits for long and short waves, and values of an independent solution."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.special

from audio_manifold_ros.simulation.sound.reflection.cylinder_scattering import backscatter_factor


def test_long_waves_pass_a_thin_cylinder() -> None:
    """The sum of a monopole and a dipole (Morse and Ingard) is 3/4 π (ka)², relative to √(π ka) / 2."""
    size = np.array([0.001, 0.003, 0.01])
    assert backscatter_factor(size) == pytest.approx(1.5 * np.sqrt(np.pi) * size**1.5, rel=1e-3)


def test_short_waves_are_reflected_as_geometry_has_it() -> None:
    assert backscatter_factor(np.array([20.0, 40.0, 80.0])) == pytest.approx(1.0, abs=0.01)


def test_no_cylinder_reflects_more_than_geometry() -> None:
    factors = backscatter_factor(np.linspace(0.02, 30.0, 3000))
    assert factors.max() == 1.0
    assert factors.min() > 0.0
    assert np.abs(np.diff(factors)).max() < 0.03, 'continuous'


@pytest.mark.parametrize('size', [0.3, 0.6, 1.4, 3.0, 9.0])
def test_the_pressure_satisfies_the_boundary_condition(size: float) -> None:
    """Fit outgoing waves to zero normal velocity at many points of the surface: their far field is the same."""
    angles = np.linspace(0, np.pi, 400)
    incident = -1j * np.cos(angles) * np.exp(-1j * size * np.cos(angles))
    orders = np.arange(25)
    outgoing = scipy.special.h1vp(orders, size) * np.cos(np.outer(angles, orders))
    scale = np.abs(outgoing).max(axis=0)
    weights = np.linalg.lstsq(outgoing / scale, -incident, rcond=None)[0] / scale
    # The wave comes from the angle 0. H_n becomes √(2 / π k r) (−i)^n, and the limit of geometry is √(a / 2 r).
    backwards = np.abs(np.sum(weights * (-1j) ** orders)) * np.sqrt(2 / np.pi) / np.sqrt(size / 2)
    assert backscatter_factor(np.array([size]))[0] == pytest.approx(min(backwards, 1.0), rel=1e-5)
