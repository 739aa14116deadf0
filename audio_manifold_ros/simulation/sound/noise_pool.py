# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Pools of unit noise, shared by all streets: a random process is an offset into a pool."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from audio_manifold_ros.common.array_types import Samples
from audio_manifold_ros.simulation.sound.sample_grid import OVERSAMPLING, SPLIT_HZ, SampleGrid
from audio_manifold_ros.simulation.sound.spectra import HIGH_EDGES_HZ, LOW_EDGES_HZ

# A period of 24 s has room for 40 sources that read different noise.
POOL_S = 24
OWN_POOL_S = 12
LEAF_POOL_S = 6
WHITE_POOL_S = 12
# Two sources read parts of a pool that are this far apart. The travel times of two received sounds differ by at most
# 0.41 s within the horizon of 140 m, and an echo has up to 0.1 s.
SLOT_S = 0.6
SLOT_JITTER = 0.14
MARGIN_S = 3
LEAVES_HZ = (1200.0, 6000.0)
NEEDLES_HZ = (500.0, 1500.0)
_POOL_SEED = 20_210_614


class NoisePool:
    """Periodic noise (band, sample). Its start is repeated at the end, so that every read is a contiguous slice."""

    def __init__(self, period: Samples, margin: int) -> None:
        """Store noise (band, period) that is readable in slices of up to `margin` samples."""
        self._period = period.shape[1]
        self._samples = np.concatenate([period, period[:, :margin]], axis=1)
        self._samples.setflags(write=False)
        self.margin = margin

    @property
    def period_samples(self) -> int:
        """Return the period in samples."""
        return self._period

    def read(self, first: int, n: int) -> Samples:
        """Return a view (band, n) from any index, also a negative one. n is at most the margin."""
        start = first % self._period
        return self._samples[:, start : start + n]


def band_noise(edges_hz: tuple[float, ...], rate_hz: float, n: int, seed: int) -> Samples:
    """Generate periodic Gaussian noise (band, n) of unit power in each band between adjacent edges.

    A band above half of the rate is cut there and keeps the density of the whole band.
    """
    generator = np.random.default_rng([_POOL_SEED, seed])
    bins_per_hz = n / rate_hz
    bands = np.zeros((len(edges_hz) - 1, n), dtype=np.float32)
    for band, (low, high) in enumerate(pairwise(edges_hz)):
        first, last = round(low * bins_per_hz), round(high * bins_per_hz)
        spectrum = np.zeros(n // 2 + 1, dtype=np.complex64)
        kept = slice(first, min(last, n // 2))
        size = kept.stop - kept.start
        if size > 0:
            parts = generator.standard_normal((2, size), dtype=np.float32)
            spectrum[kept] = (parts[0] + 1j * parts[1]) * (n / 2 / np.sqrt(last - first))
        bands[band] = scipy.fft.irfft(spectrum, n)
    return bands


def sample_slots(count: int, grid: SampleGrid, generator: np.random.Generator) -> NDArray[np.int64]:
    """Sample the starts of sources in the pools, in control steps (count,).

    Any `POOL_S` / `SLOT_S` successive sources read parts that are at least (1 - `SLOT_JITTER`) · `SLOT_S` apart. Give
    sources in the order of their distance.
    """
    step_s = grid.step_samples / grid.sample_rate_hz
    slots, width = int(POOL_S / SLOT_S), int(SLOT_S / step_s)
    order = generator.permutation(slots)[np.arange(count) % slots]
    return np.asarray(order * width + generator.integers(0, int(width * SLOT_JITTER), size=count), dtype=np.int64)


@lru_cache(maxsize=2)
def high_pool(grid: SampleGrid) -> NoisePool:
    """Return the bands above the split (5, sample) at the oversampled rate, up to half of the sample rate."""
    return _high_pool(grid, POOL_S, seed=1)


@lru_cache(maxsize=2)
def low_pool(grid: SampleGrid) -> NoisePool:
    """Return the bands below the split (4, sample) at the oversampled low rate."""
    return _low_pool(grid, POOL_S, seed=2)


@lru_cache(maxsize=2)
def own_high_pool(grid: SampleGrid) -> NoisePool:
    """Return other noise with the bands of `high_pool`, for the vehicle that carries the array."""
    return _high_pool(grid, OWN_POOL_S, seed=11)


@lru_cache(maxsize=2)
def own_low_pool(grid: SampleGrid) -> NoisePool:
    """Return other noise with the bands of `low_pool`, for the vehicle that carries the array."""
    return _low_pool(grid, OWN_POOL_S, seed=12)


def _high_pool(grid: SampleGrid, period_s: int, seed: int) -> NoisePool:
    rate = grid.sample_rate_hz * OVERSAMPLING
    edges = tuple(min(edge, grid.sample_rate_hz / 2) for edge in HIGH_EDGES_HZ)
    return NoisePool(band_noise(edges, rate, rate * period_s, grid.pool_seed(seed)), rate * MARGIN_S)


def _low_pool(grid: SampleGrid, period_s: int, seed: int) -> NoisePool:
    rate = grid.low_rate_hz * OVERSAMPLING
    noise = band_noise(LOW_EDGES_HZ, rate, round(rate * period_s), grid.pool_seed(seed))
    return NoisePool(noise, round(rate * MARGIN_S))


@lru_cache(maxsize=2)
def leaf_pool(grid: SampleGrid, *, needles: bool) -> NoisePool:
    """Return the rustle of a tree (1, sample) at twice the sample rate."""
    rate = grid.sample_rate_hz * 2
    edges = NEEDLES_HZ if needles else LEAVES_HZ
    return NoisePool(band_noise(edges, rate, rate * LEAF_POOL_S, grid.pool_seed(3 + needles)), rate * MARGIN_S)


@lru_cache(maxsize=2)
def gust_pool(grid: SampleGrid) -> NoisePool:
    """Return wind noise above the split (1, sample) of unit power at the sample rate, with a density of f^-3.3."""
    rate = grid.sample_rate_hz
    noise = band_noise((SPLIT_HZ, rate / 2), rate, rate * WHITE_POOL_S, grid.pool_seed(6))[0]
    spectrum = scipy.fft.rfft(noise)
    frequencies = scipy.fft.rfftfreq(len(noise), 1 / rate)
    spectrum *= (np.maximum(frequencies, SPLIT_HZ) / SPLIT_HZ) ** -1.65
    shaped = scipy.fft.irfft(spectrum, len(noise))
    return NoisePool((shaped / shaped.std()).astype(np.float32)[None], rate * MARGIN_S)


@lru_cache(maxsize=2)
def white_pool(grid: SampleGrid) -> NoisePool:
    """Return full-band white noise (1, sample) at the sample rate."""
    rate = grid.sample_rate_hz
    edges = (40.0, rate / 2)
    return NoisePool(band_noise(edges, rate, rate * WHITE_POOL_S, grid.pool_seed(5)), rate * MARGIN_S)
