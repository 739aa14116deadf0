# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import numpy as np
import pytest

from audio_manifold_ros.simulation.sound.noise_pool import (
    POOL_S,
    NoisePool,
    band_noise,
    high_pool,
    low_pool,
    own_high_pool,
    own_low_pool,
    sample_slots,
)
from audio_manifold_ros.simulation.sound.sample_grid import OVERSAMPLING, SampleGrid

GRID = SampleGrid(22_500)


@pytest.mark.parametrize('pool', [high_pool, low_pool, own_high_pool, own_low_pool])
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


@pytest.mark.parametrize('seed', range(20))
def test_the_nearest_sources_read_noise_that_is_further_apart_than_any_echo(seed: int) -> None:
    """Travel times within the horizon differ by at most 0.41 s, and the echo map covers 0.096 s."""
    starts_s = sample_slots(100, GRID, np.random.default_rng(seed)) * (GRID.step_samples / 22_500)
    nearest = np.sort(starts_s[:40] % POOL_S)
    apart = np.diff(np.append(nearest, nearest[0] + POOL_S))
    assert apart.min() > 140 / 343 + 0.096


def test_the_ego_vehicle_has_noise_of_its_own() -> None:
    for own, others in ((own_high_pool, high_pool), (own_low_pool, low_pool)):
        one, two = own(GRID).read(0, 60_000), others(GRID).read(0, 60_000)
        spectrum = np.fft.rfft(one.sum(axis=0), 120_000) * np.fft.rfft(two.sum(axis=0), 120_000).conj()
        peak = np.abs(np.fft.irfft(spectrum)).max() / np.sqrt(
            (one.sum(axis=0) ** 2).sum() * (two.sum(axis=0) ** 2).sum()
        )
        assert peak < 0.06


@pytest.mark.parametrize('pool', [high_pool, low_pool, own_high_pool, own_low_pool])
def test_another_seed_gives_other_noise_of_the_same_bands(pool: object) -> None:
    first, other = (pool(SampleGrid(22_500, seed)).read(0, 300_000) for seed in (0, 1))  # type: ignore[operator]
    assert first.std(axis=1) == pytest.approx(other.std(axis=1), rel=0.2)
    mixed = np.corrcoef(first, other)[: len(first), len(first) :]
    assert np.abs(mixed).max() < 0.1
    np.testing.assert_array_equal(first, pool(GRID).read(0, 300_000))  # type: ignore[operator]
