# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Diffuse noise fields: hum of the town, reverberant tail of the street, and wind at the capsules."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from audio_manifold_ros.common.array_types import FloatArray
from audio_manifold_ros.common.units import SPEED_OF_SOUND_MPS
from audio_manifold_ros.simulation.sound.microphones import HIGH_OMNI, LOW_OMNI, directivity
from audio_manifold_ros.simulation.sound.noise_pool import NoisePool
from audio_manifold_ros.simulation.sound.sample_grid import SPLIT_HZ, SampleGrid

DIFFUSE_POOL_S = 12
MARGIN_S = 1.2
MIN_FREQUENCY_HZ = 40.0
MIDDLE_HZ = 2000.0
DIRECTIONS = 1500
CELL_HZ = 25.0
WIND_DECAY_ALONG = 0.1
WIND_DECAY_ACROSS = 0.7
WIND_CONVECTION = 0.8
# The spectrum of the noise at a windscreen falls with f^-3.3, which is f^-2.3 in bands of constant relative width.
WIND_SLOPE = 2.3
_POOL_SEED = 19_630_401


@lru_cache(maxsize=1)
def sphere(count: int) -> FloatArray:
    """Return evenly distributed directions (count, 3) of a Fibonacci lattice."""
    height = 1 - (2 * np.arange(count) + 1) / count
    azimuth = np.pi * (3 - np.sqrt(5)) * np.arange(count)
    radius = np.sqrt(1 - height**2)
    return np.stack([radius * np.cos(azimuth), radius * np.sin(azimuth), height], axis=1)


def diffuse_coherence(
    positions_m: FloatArray, facings: FloatArray, frequency_hz: float, sound_mps: float = SPEED_OF_SOUND_MPS
) -> NDArray[np.complex128]:
    """Return the cross power (mic, mic) in a diffuse field of unit power.

    It is sin(kd)/(kd) for omnidirectional patterns.
    """
    return next(diffuse_coherences(positions_m, facings, np.array([frequency_hz]), sound_mps))


def diffuse_coherences(
    positions_m: FloatArray, facings: FloatArray, frequencies_hz: FloatArray, sound_mps: float = SPEED_OF_SOUND_MPS
) -> Iterator[NDArray[np.complex128]]:
    """Yield the cross power of `diffuse_coherence` at uniformly spaced frequencies (frequency,)."""
    directions = sphere(DIRECTIONS)
    cosines = facings @ directions.T
    delays_s = positions_m @ directions.T / sound_mps
    steering = np.exp(2j * np.pi * frequencies_hz[0] * delays_s)
    turn = np.exp(2j * np.pi * (frequencies_hz[1] - frequencies_hz[0]) * delays_s) if len(frequencies_hz) > 1 else 1.0
    for frequency_hz in frequencies_hz:
        omni = LOW_OMNI if frequency_hz < SPLIT_HZ else HIGH_OMNI
        received = directivity(cosines, omni) * steering
        yield received @ received.conj().T / DIRECTIONS
        steering *= turn


def corcos_coherence(positions_m: FloatArray, flow_mps: FloatArray, frequency_hz: float) -> NDArray[np.complex128]:
    """Return the coherence (mic, mic) of turbulent pressure under a flow (2,) (Corcos 1963)."""
    speed = float(np.linalg.norm(flow_mps))
    along = flow_mps / speed
    offsets = positions_m[:, None, :2] - positions_m[None, :, :2]
    parallel = offsets @ along
    across = offsets @ np.array([-along[1], along[0]])
    number = 2 * np.pi * frequency_hz / (WIND_CONVECTION * speed)
    decay = np.exp(-number * (WIND_DECAY_ALONG * np.abs(parallel) + WIND_DECAY_ACROSS * np.abs(across)))
    return np.asarray(decay * np.exp(-1j * number * parallel))


def coherent_noise(
    matrices: list[NDArray[np.complex128]], densities: FloatArray, n: int, seed: int
) -> NDArray[np.float32]:
    """Generate periodic noise (mic, n) with a given cross power matrix and power density per cell of the spectrum.

    Args:
        matrices: (mic, mic) per cell, for cells of equal width from 0 Hz to half of the rate.
        densities: Relative power per bin (cell,). Their sum over all bins is normalised to 1.
        n: Number of samples.
        seed: Seed of this pool.

    """
    generator = np.random.default_rng([_POOL_SEED, seed])
    mics, bins = len(matrices[0]), n // 2 + 1
    edges = np.linspace(1, bins, len(matrices) + 1).astype(int)
    total = float(np.sum(densities * np.diff(edges)))
    spectrum = np.zeros((mics, bins), dtype=np.complex64)
    for matrix, density, first, last in zip(matrices, densities, edges[:-1], edges[1:], strict=True):
        if density <= 0:
            continue
        root = np.linalg.cholesky(matrix + 1e-4 * np.eye(mics)).astype(np.complex64)
        parts = generator.standard_normal((2, mics, last - first), dtype=np.float32)
        spectrum[:, first:last] = root @ (parts[0] + 1j * parts[1]) * np.float32(np.sqrt(density / total))
    return np.asarray(scipy.fft.irfft(spectrum * np.float32(n / 2), n, axis=1), dtype=np.float32)


Geometry = tuple[tuple[float, ...], ...]


def geometry_key(values: FloatArray) -> Geometry:
    """Return positions or facings as a cache key, rounded to 0.1 mm."""
    return tuple(tuple(row) for row in np.round(values, 4).tolist())


@lru_cache(maxsize=12)
def diffuse_pool(grid: SampleGrid, positions: Geometry, facings: Geometry, low_hz: float, high_hz: float) -> NoisePool:
    """Return diffuse pink noise (mic, sample) of one band, with unit power before the directivity of the microphones.

    Bands below the split are at the low rate, all others at the sample rate.
    """
    rate = grid.low_rate_hz if high_hz <= SPLIT_HZ else float(grid.sample_rate_hz)
    n = scipy.fft.next_fast_len(round(rate * DIFFUSE_POOL_S), real=True)
    centres = (np.arange(int(rate / 2 / CELL_HZ), dtype=np.float64) + 0.5) * CELL_HZ
    inside = (centres >= low_hz) & (centres < high_hz)
    where, facing = np.array(positions), np.array(facings)
    coherences = diffuse_coherences(where, facing, centres[inside])
    matrices = [next(coherences) if use else np.eye(len(where), dtype=np.complex128) for use in inside]
    noise = coherent_noise(matrices, inside / centres, n, grid.pool_seed(round(low_hz)))
    return NoisePool(noise, round(rate * MARGIN_S))


@lru_cache(maxsize=32)
def wind_pool(grid: SampleGrid, positions: Geometry, flow: tuple[float, float]) -> NoisePool:
    """Return turbulent pressure (mic, sample) of unit power for a flow in the same axes, at the low rate."""
    rate = grid.low_rate_hz
    n = scipy.fft.next_fast_len(round(rate * DIFFUSE_POOL_S), real=True)
    centres = (np.arange(int(rate / 2 / CELL_HZ)) + 0.5) * CELL_HZ
    inside = (centres >= MIN_FREQUENCY_HZ) & (centres < SPLIT_HZ)
    densities = inside / centres ** (WIND_SLOPE + 1)
    where = np.array(positions)
    matrices = [
        corcos_coherence(where, np.array(flow), frequency) if use else np.eye(len(where), dtype=np.complex128)
        for frequency, use in zip(centres.tolist(), inside, strict=True)
    ]
    return NoisePool(coherent_noise(matrices, densities, n, grid.pool_seed(7)), round(rate * MARGIN_S))
