# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Positions of microphones from simulated lags."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audio_manifold_ros.calibration.channels.tdoa import TdoaEstimates
from audio_manifold_ros.calibration.geometry.array_self_calibration import (
    GeometryEstimate,
    estimate_geometry,
    fit_rigid_transform,
)
from audio_manifold_ros.calibration.geometry.geometry_problem import GeometryPrior, GeometryProblem, MeasuredDistance
from audio_manifold_ros.common.array_types import FloatArray
from audio_manifold_ros.common.errors import CalibrationError
from audio_manifold_ros.rig.rotation import rotation_matrix
from audio_manifold_ros.testing.simulated_rig import octagon, rectangle

RATE_HZ, SOUND_MPS = 22_500, 338.0
NOISE_SAMPLES, EVENTS = 0.05, 20
PAIRS = ((0, 4), (2, 6), (0, 2))


@dataclass(frozen=True)
class SimulatedClaps:
    positions_m: FloatArray
    tdoas: TdoaEstimates
    prior: GeometryPrior
    measured_distances: tuple[MeasuredDistance, ...]

    def error_m(self, found: GeometryEstimate) -> float:
        """Return the root mean square error of the shape."""
        rotation, shift = fit_rigid_transform(found.positions_m, self.positions_m, np.ones(len(self.positions_m)))
        apart = found.positions_m @ rotation.T + shift - self.positions_m
        return float(np.sqrt((apart**2).sum(axis=1).mean()))


def simulate_claps(
    positions_m: FloatArray, seed: int = 0, events: int = EVENTS, wrong_m: float = 0.04, side: float = 2.0
) -> SimulatedClaps:
    """Simulate claps around an array with position errors. `side` is the arc in half turns."""
    generator = np.random.default_rng(seed)
    mics = len(positions_m)
    azimuths = np.pi * side * (np.arange(events) + generator.uniform(-0.4, 0.4, events)) / events
    away = generator.uniform(1.5, 4, events)
    heights = generator.uniform(-0.9, 0.6, events)
    places = np.stack([away * np.cos(azimuths), away * np.sin(azimuths), heights], axis=1)
    delays = generator.uniform(-3, 3, mics)
    lags = np.linalg.norm(places[:, None] - positions_m, axis=2) * RATE_HZ / SOUND_MPS + delays
    lags += generator.normal(0, NOISE_SAMPLES, lags.shape)
    lags[generator.integers(events), generator.integers(mics)] += 15
    nominal = positions_m + generator.normal(0, wrong_m, positions_m.shape)
    rotation, shift = fit_rigid_transform(nominal, positions_m, np.ones(mics))
    prior = GeometryPrior(
        nominal @ rotation.T + shift, np.ones(mics), np.zeros(mics), np.full(mics, 4.5), RATE_HZ, 343.0
    )
    measured_distances = tuple(
        MeasuredDistance(a, b, float(np.linalg.norm(positions_m[a] - positions_m[b]))) for a, b in PAIRS if b < mics
    )
    tdoas = TdoaEstimates(np.arange(events, dtype=np.float64), lags, np.full(events, 0.02), np.full(events, 0.8))
    return SimulatedClaps(positions_m, tdoas, prior, measured_distances)


@pytest.mark.parametrize('seed', [0, 1])
def test_flat_array_is_accurate_to_two_centimetres(seed: int) -> None:
    simulated = simulate_claps((octagon(), rectangle())[seed].positions_m, seed)
    found = estimate_geometry(simulated.tdoas, simulated.prior, simulated.measured_distances)
    assert simulated.error_m(found) < 0.02
    assert found.sound_mps == pytest.approx(SOUND_MPS, rel=0.015)
    assert abs(float(found.normal[2])) > 0.99
    assert np.sqrt(np.einsum('mii->mi', found.covariances_m2)).max() < 0.02


def test_array_with_heights_is_not_mirrored() -> None:
    positions = octagon().positions_m + np.outer([0, 0.3, 0, 0.3, 0.1, 0, 0.2, 0], [0, 0, 1])
    simulated = simulate_claps(positions)
    found = estimate_geometry(simulated.tdoas, simulated.prior, simulated.measured_distances)
    assert simulated.error_m(found) < 0.02
    assert not found.is_mirror_ambiguous


def test_unknown_heights_are_mirror_ambiguous() -> None:
    positions = octagon().positions_m + np.outer([0.1, -0.1] * 4, [0, 0, 1])
    simulated = simulate_claps(positions, wrong_m=0.001)
    flat = simulated.prior.positions_m * [1, 1, 0]
    prior = GeometryPrior(flat, simulated.prior.weights, np.zeros(8), np.full(8, 4.5), RATE_HZ, 343.0)
    assert estimate_geometry(simulated.tdoas, prior, simulated.measured_distances).is_mirror_ambiguous


def test_insufficient_measurements_are_refused() -> None:
    positions = octagon().positions_m
    for simulated, message in (
        (simulate_claps(positions, events=6), 'Only 6 of 6 sounds'),
        (simulate_claps(positions, side=0.8, events=10), 'degrees without one'),
        (simulate_claps(positions[:4]), '4 microphones'),
    ):
        with pytest.raises(CalibrationError, match=message):
            estimate_geometry(simulated.tdoas, simulated.prior, simulated.measured_distances)
    simulated = simulate_claps(positions, events=12)
    short = tuple(
        MeasuredDistance(pair.first, pair.second, 0.7 * pair.distance_m) for pair in simulated.measured_distances
    )
    with pytest.raises(CalibrationError, match='do not fit the sounds'):
        estimate_geometry(simulated.tdoas, simulated.prior, short)


def test_jacobian_matches_finite_differences() -> None:
    simulated = simulate_claps(rectangle().positions_m, events=8)
    problem = GeometryProblem(
        simulated.tdoas.lags_samples,
        simulated.tdoas.misfit_samples,
        simulated.prior,
        simulated.measured_distances,
    )
    generator = np.random.default_rng(3)
    at = generator.normal(0, 0.3, int(problem.split_indices[-1]) + 8)
    at[: problem.split_indices[0]] += problem.nominal.ravel()
    steps = np.eye(len(at)) * 1e-6
    numeric = np.stack([(problem.residuals(at + step) - problem.residuals(at - step)) / 2e-6 for step in steps], axis=1)
    assert problem.jacobian(at) == pytest.approx(numeric, abs=1e-4)


@settings(deadline=None, max_examples=30)
@given(st.tuples(*[st.floats(-3, 3)] * 3), st.tuples(*[st.floats(-5, 5)] * 3), st.integers(0, 100))
def test_rigid_fit_recovers_rotation_and_translation(
    angles: tuple[float, float, float], shift: tuple[float, float, float], seed: int
) -> None:
    points = np.random.default_rng(seed).normal(0, 1, (6, 3))
    moved = points @ rotation_matrix(angles).T + shift
    rotation, place = fit_rigid_transform(moved, points, np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]))
    assert moved @ rotation.T + place == pytest.approx(points, abs=1e-9)
    assert np.linalg.det(rotation) == pytest.approx(1)
