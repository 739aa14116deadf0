# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Absolute grid of sample indices on which all sound is computed, so that the result does not depend on block sizes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from audio_manifold_ros.common.array_types import FloatArray, Samples
from audio_manifold_ros.common.errors import SimulationError

OVERSAMPLING = 4
LOW_STEP_SAMPLES = 10
LOW_RATE_HZ = 2800
SPLIT_HZ = 500.0
RATES_HZ = (16000, 48000)
# Pools of noise that have numbers of their own.
POOLS = 100_000


@dataclass(frozen=True)
class SampleGrid:
    """Control steps of a few milliseconds, anchored at sample 0.

    All sound below `SPLIT_HZ` is computed at the low rate, all sound above at the sample rate. Emitted signals are
    stored at `OVERSAMPLING` times these rates, so that linear interpolation is accurate.

    Attributes:
        sample_rate_hz: Rate of the audio.
        noise_seed: Seed of the pools of noise. Two seeds have no sample of noise in common.

    """

    sample_rate_hz: int
    noise_seed: int = 0

    def __post_init__(self) -> None:
        """Refuse rates whose low rate cannot represent the band below the split."""
        low, high = RATES_HZ
        if not low <= self.sample_rate_hz <= high:
            msg = f'sample_rate_hz is {self.sample_rate_hz!r}: give a rate from {low} to {high} Hz.'
            raise SimulationError(msg)

    def pool_seed(self, pool: int) -> int:
        """Return the seed of a pool of noise, from its number below `POOLS`."""
        return pool + POOLS * self.noise_seed

    @property
    def low_factor(self) -> int:
        """Return the ratio of the sample rate to the low rate."""
        return self.sample_rate_hz // LOW_RATE_HZ

    @property
    def low_rate_hz(self) -> float:
        """Return the rate for the band below the split."""
        return self.sample_rate_hz / self.low_factor

    @property
    def step_samples(self) -> int:
        """Return the number of samples between control points."""
        return self.low_factor * LOW_STEP_SAMPLES

    def steps(self, first_sample: int, n: int) -> tuple[int, int]:
        """Return the first control step and the last one + 1 that cover n samples."""
        return first_sample // self.step_samples, -(-(first_sample + n) // self.step_samples)

    def times_s(self, first_step: int, last_step: int) -> FloatArray:
        """Return the times (step + 1,) of the control points from the first to the last + 1 step."""
        return np.arange(first_step, last_step + 1, dtype=np.float64) * (self.step_samples / self.sample_rate_hz)


@lru_cache(maxsize=16)
def powers(width: int, degree: int) -> Samples:
    """Return 1, t, t² … (degree + 1, width) float32 for the samples of a step, where t is 0 to 1."""
    t = np.arange(width) / width
    rows = np.asarray(t ** np.arange(degree + 1)[:, None], dtype=np.float32)
    rows.setflags(write=False)
    return rows


def lines(points: FloatArray, starts: FloatArray) -> Samples:
    """Return start and rise of each step (… · step, 2) float32, in the order of `powers(width, 1)`."""
    pairs = np.empty((*starts.shape, 2), dtype=np.float32)
    pairs[..., 0] = starts
    np.subtract(points[..., 1:], points[..., :-1], out=pairs[..., 1], casting='same_kind')
    return pairs.reshape(-1, 2)


def ramp(points: FloatArray, width: int, base: FloatArray | float = 0.0) -> Samples:
    """Interpolate control points (…, step + 1) linearly to (…, step · width), minus a base per step (…, step)."""
    joined = lines(points, points[..., :-1] - base) @ powers(width, 1)
    return np.asarray(joined, dtype=np.float32).reshape(*points.shape[:-1], -1)
