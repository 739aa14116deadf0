# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Coarse grid of some control steps, anchored at sample 0, for levels and gates that change slowly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from audio_manifold_ros.common.array_types import FloatArray
from audio_manifold_ros.simulation.compiled import compiled
from audio_manifold_ros.simulation.sound.sample_grid import SampleGrid

# About 28 ms.
COARSE_STEPS = 8


def coarse_step_s(grid: SampleGrid) -> float:
    """Return the time between two coarse points."""
    return COARSE_STEPS * grid.step_samples / grid.sample_rate_hz


@dataclass(frozen=True)
class CoarseGrid:
    """Points of the coarse grid around some control steps.

    Attributes:
        first: Index of the first coarse point since time zero.
        times_s: Times of the coarse points (point,).
        positions: Control points in units of coarse points since the first one (step + 1,).

    """

    first: int
    times_s: FloatArray
    positions: FloatArray

    @classmethod
    def around(cls, grid: SampleGrid, first: int, last: int) -> CoarseGrid:
        """Return the coarse points around the control points from the first to the last + 1 step."""
        begin, end = first // COARSE_STEPS, -(-last // COARSE_STEPS) + 1
        times_s = np.arange(begin, end + 1, dtype=np.float64) * coarse_step_s(grid)
        return cls(begin, times_s, np.arange(first, last + 1, dtype=np.float64) / COARSE_STEPS - begin)

    def refine(self, values: FloatArray) -> FloatArray:
        """Interpolate values (…, point) linearly to the control points (…, step + 1)."""
        points = np.ascontiguousarray(values, dtype=np.float64).reshape(-1, values.shape[-1])
        refined = np.empty((len(points), len(self.positions)))
        _refine(points, self.positions, refined)
        return refined.reshape(*values.shape[:-1], -1)


@compiled('void(f8[:, ::1], f8[::1], f8[:, ::1])')
def _refine(values: FloatArray, positions: FloatArray, refined: FloatArray) -> None:
    last = values.shape[1] - 1
    for row in range(len(values)):
        for step in range(len(positions)):
            index = int(positions[step])
            here = values[row, index]
            share = positions[step] - index
            refined[row, step] = here + share * (values[row, min(index + 1, last)] - here)
