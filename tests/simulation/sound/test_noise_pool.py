# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import numpy as np
import pytest

from audio_manifold_ros.simulation.sound.noise_pool import NoisePool, band_noise, high_pool, low_pool
from audio_manifold_ros.simulation.sound.sample_grid import OVERSAMPLING, SampleGrid

GRID = SampleGrid(22_500)


@pytest.mark.parametrize('pool', [high_pool, low_pool])
def test_bands_have_unit_power_and_are_uncorrelated(pool: object) -> None:
    noise = pool(GRID).read(0, 30_000)  # type: ignore[operator]
    assert np.sqrt(np.mean(noise.astype(np.float64) ** 2, axis=1)) == pytest.approx(np.ones(len(noise)), rel=0.2)
    correlation = np.corrcoef(noise)
    assert np.abs(correlation - np.eye(len(noise))).max() < 0.1


def test_energy_stays_in_its_band() -> None:
    rate = 22_500 * OVERSAMPLING
    noise = band_noise((500.0, 707.0, 1414.0), rate, rate, seed=9)
    power = np.abs(np.fft.rfft(noise, axis=1)) ** 2
    assert power[0, 500:707].sum() / power[0].sum() > 0.999
    assert power[1, 707:1414].sum() / power[1].sum() > 0.999


def test_a_pool_is_periodic() -> None:
    pool = NoisePool(np.arange(10, dtype=np.float32)[None], margin=5)
    assert pool.read(8, 5)[0].tolist() == [8, 9, 0, 1, 2]
    assert pool.read(-2, 4)[0].tolist() == [8, 9, 0, 1]
    assert pool.read(10**12 + 3, 2)[0].tolist() == [3, 4]
