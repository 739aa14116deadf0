# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Candidates for the echo map: the default is that of the features, and each change does what it states."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from audio_manifold_ros.features.echo_map import EchoMap
from audio_manifold_ros.features.steering import lead_s
from training.feature_study.candidate_echo_maps import STRETCHES, EchoCandidate, echo_candidates
from training.feature_study.study_street import DEFAULT, SIDES_RAD, octagon_geometry

# Rows of the echo map at the azimuths of the sides.
LEFT, RIGHT = 12, 4
ECHO_S, LEVEL = 0.05, 0.5


def window(stretch: float = 0.0, samples: int = DEFAULT.window_samples) -> np.ndarray:
    """Return noise that reaches all microphones at once, and its echo from the left, on another time scale."""
    noise = np.random.default_rng(0).standard_normal(samples)
    instants = np.arange(samples)
    lead = lead_s(octagon_geometry(DEFAULT).positions_m, np.array([SIDES_RAD[0]]))[0]
    delayed = instants - (ECHO_S - lead[:, None]) * DEFAULT.sample_rate_hz
    echo = np.interp((delayed - samples / 2) * (1 + stretch) + samples / 2, instants, noise)
    private = 0.1 * np.random.default_rng(1).standard_normal((8, samples))
    return (noise + LEVEL * echo + private).astype(np.float32)


def test_the_default_is_the_map_of_the_features() -> None:
    samples = window()
    expected = EchoMap(DEFAULT, octagon_geometry(DEFAULT).positions_m).map(samples)
    np.testing.assert_allclose(EchoCandidate().map(samples), expected[[LEFT, RIGHT]], atol=2e-4)


@pytest.mark.parametrize('name', echo_candidates())
def test_each_candidate_has_its_lags_and_finds_the_echo(name: str) -> None:
    candidate = echo_candidates()[name]
    found = candidate.map(window(samples=candidate.spec.window_samples))
    first, end = candidate.spec.echo_lags_ms
    assert found.shape == (2, end - first)
    assert abs(first + int(found[0].argmax()) - 1e3 * ECHO_S) <= 1


@pytest.mark.parametrize('whitening', [0.5, 0.85, 1.0])
def test_the_level_does_not_matter(whitening: float) -> None:
    candidate, samples = EchoCandidate(whitening=whitening), window()
    np.testing.assert_allclose(candidate.map(samples), candidate.map(100 * samples), rtol=1e-3)


def test_only_a_moving_reference_finds_a_moving_wall() -> None:
    samples = window(stretch=0.02)
    moving = EchoCandidate(stretches=STRETCHES).map(samples)[0]
    still = EchoCandidate().map(samples)[0]
    place = round(1e3 * ECHO_S) - DEFAULT.echo_lags_ms[0]
    assert moving[place - 1 : place + 1].max() > 3 * still[place - 1 : place + 1].max()


def test_longer_lags_begin_with_the_default_ones() -> None:
    samples = window()
    longer = EchoCandidate(replace(DEFAULT, echo_lags_ms=(8, 240))).map(samples)
    np.testing.assert_allclose(longer[:, :88], EchoCandidate().map(samples), rtol=1e-9)
