# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import csd

from audio_manifold_ros.simulation.sound import diffuse_noise
from audio_manifold_ros.simulation.sound.sample_grid import SampleGrid

GRID = SampleGrid(22_500)
ANGLES = np.arange(8) * np.pi / 4
FACINGS = np.stack([np.cos(ANGLES), np.sin(ANGLES), np.zeros(8)], axis=1)
POSITIONS = 0.5 * FACINGS


def test_coherence_of_omni_microphones_is_the_sinc() -> None:
    for frequency in (60.0, 150.0, 300.0, 480.0):
        coherence = diffuse_noise.diffuse_coherence(POSITIONS, FACINGS, frequency)
        distance = np.linalg.norm(POSITIONS[:, None] - POSITIONS[None], axis=2)
        assert coherence.real == pytest.approx(np.sinc(2 * frequency * distance / 343.0), abs=0.01)
        assert np.abs(coherence.imag).max() < 0.01


def test_directional_microphones_receive_less_of_a_diffuse_field() -> None:
    coherence = diffuse_noise.diffuse_coherence(POSITIONS, FACINGS, 2000.0)
    assert np.diag(coherence).real == pytest.approx(np.full(8, 0.36 + 0.16 / 3), rel=0.01)


def measured_coherence(noise: np.ndarray, rate: float, first: int, second: int) -> tuple[np.ndarray, np.ndarray]:
    frequencies, cross = csd(noise[first], noise[second], rate, nperseg=256)
    powers = [csd(noise[i], noise[i], rate, nperseg=256)[1].real for i in (first, second)]
    return frequencies, cross / np.sqrt(powers[0] * powers[1])


def test_the_hum_of_the_town_has_that_coherence() -> None:
    key = diffuse_noise.geometry_key
    pool = diffuse_noise.diffuse_pool(GRID, key(POSITIONS), key(FACINGS), 40.0, 500.0)
    noise = pool.read(0, pool.period_samples)
    for other in (1, 2, 4):
        frequencies, coherence = measured_coherence(noise, GRID.low_rate_hz, 0, other)
        inside = (frequencies > 80) & (frequencies < 450)
        distance = float(np.linalg.norm(POSITIONS[0] - POSITIONS[other]))
        expected = np.sinc(2 * frequencies[inside] * distance / 343.0)
        assert np.abs(coherence[inside] - expected).mean() < 0.12
    assert np.mean(noise.astype(np.float64) ** 2) == pytest.approx(1.0, rel=0.1)


def test_corcos_decays_faster_across_the_flow() -> None:
    positions = np.array([[0.0, 0.0, 0.0], [0.02, 0.0, 0.0], [0.0, 0.02, 0.0]])
    flow, frequency = np.array([10.0, 0.0]), 80.0
    coherence = diffuse_noise.corcos_coherence(positions, flow, frequency)
    number = 2 * np.pi * frequency / 8.0 * 0.02
    assert abs(coherence[0, 1]) == pytest.approx(np.exp(-0.1 * number))
    assert abs(coherence[0, 2]) == pytest.approx(np.exp(-0.7 * number))
    # Turbulence that passes microphone 0 reaches microphone 1 later by distance / convection speed.
    assert np.angle(coherence[1, 0]) == pytest.approx(-number)
    assert np.angle(coherence[0, 1]) == pytest.approx(number)


def test_wind_is_carried_from_microphone_to_microphone() -> None:
    positions = np.array([[0.0, 0.0, 0.0], [0.02, 0.0, 0.0]])
    pool = diffuse_noise.wind_pool(GRID, diffuse_noise.geometry_key(positions), (10.0, 0.0))
    noise = pool.read(0, pool.period_samples)
    frequencies, coherence = measured_coherence(noise, GRID.low_rate_hz, 0, 1)
    inside = (frequencies > 60) & (frequencies < 300)
    number = 2 * np.pi * frequencies[inside] / 8.0 * 0.02
    expected = np.exp(-0.1 * number - 1j * number)
    assert np.abs(coherence[inside] - expected).mean() < 0.15
