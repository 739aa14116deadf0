# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The absolute grid of sample indices on which all sound is computed, so that block cuts leave no trace."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.simulation.errors import SimulationError

Array = NDArray[np.float64]
Samples = NDArray[np.float32]

OVERSAMPLING = 4
LOW_STEP_SAMPLES = 10
LOW_RATE_HZ = 2800
SPLIT_HZ = 500.0
MAX_STEPS = 400
RATES_HZ = (16000, 48000)


@dataclass(frozen=True)
class SampleGrid:
    """Control steps of a few milliseconds, anchored at sample 0.

    Everything below `SPLIT_HZ` is computed at the low rate, everything above at the sample rate; signals as
    emitted are stored at `OVERSAMPLING` times these rates so that linear interpolation reads them well.
    """

    sample_rate_hz: int

    def __post_init__(self) -> None:
        low, high = RATES_HZ
        if not low <= self.sample_rate_hz <= high:
            msg = f'sample_rate_hz is {self.sample_rate_hz!r}: give a rate from {low} to {high} Hz.'
            raise SimulationError(msg)

    @property
    def low_factor(self) -> int:
        """Return the ratio of the sample rate to the low rate."""
        return self.sample_rate_hz // LOW_RATE_HZ

    @property
    def low_rate_hz(self) -> float:
        """Return the rate at which everything below the split is computed."""
        return self.sample_rate_hz / self.low_factor

    @property
    def step_samples(self) -> int:
        """Return the samples from one control point to the next."""
        return self.low_factor * LOW_STEP_SAMPLES

    def steps(self, first_sample: int, n: int) -> tuple[int, int]:
        """Return the first and the last + 1 control step that cover n samples."""
        return first_sample // self.step_samples, -(-(first_sample + n) // self.step_samples)

    def times_s(self, first_step: int, last_step: int) -> Array:
        """Return the instants (step + 1,) of the control points from the first to the last + 1 step."""
        return np.arange(first_step, last_step + 1, dtype=np.float64) * (self.step_samples / self.sample_rate_hz)


def powers(width: int, degree: int) -> Samples:
    """Return 1, j, j² … (degree + 1, width) for the samples j of a step."""
    return np.arange(width, dtype=np.float32) ** np.arange(degree + 1, dtype=np.float32)[:, None]


def lines(points: Array, starts: Array) -> Samples:
    """Return starts and slopes per step (… · step, 2); times `powers(width, 1) / (1, width)` they are straight lines."""
    return np.stack([starts, np.diff(points)], axis=-1).astype(np.float32).reshape(-1, 2)


def ramp(points: Array, width: int, base: Array | float = 0.0) -> Samples:
    """Join control points (…, step + 1) by straight lines: (…, step · width), less a base per step (…, step)."""
    basis = powers(width, 1) / np.array([[1], [width]], dtype=np.float32)
    return np.asarray(lines(points, points[..., :-1] - base) @ basis).reshape(*points.shape[:-1], -1)
