# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Sound of one source on the direct path and by reflections, each with its reflection from the ground."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from audio_manifold_ros.common.array_types import FloatArray, Samples
from audio_manifold_ros.simulation.sound.arrival import IDENTITY, SampledMotion, arrive
from audio_manifold_ros.simulation.sound.doppler_delay import add_path
from audio_manifold_ros.simulation.sound.emission import Emission
from audio_manifold_ros.simulation.sound.receivers import ReceiverMotion
from audio_manifold_ros.simulation.sound.sample_grid import SampleGrid, powers
from audio_manifold_ros.simulation.trajectory import Trajectory


@dataclass(frozen=True)
class PropagationPath:
    """One path from a source to the array.

    Attributes:
        gains: Amplitudes below the split, from the split to 2.8 kHz, and above (3, time), without spreading.
        image: Reflection and shift (2, 3) of the horizontal coordinates of the source.

    """

    gains: FloatArray
    image: FloatArray = field(default_factory=lambda: IDENTITY)


class SourceSound:
    """Sound of one source at all microphones."""

    def __init__(self, emission: Emission, trajectory: Trajectory, grid: SampleGrid, sound_mps: float) -> None:
        """Store emission and motion. Nothing is computed yet."""
        self.emission, self.trajectory = emission, trajectory
        self._grid, self._sound_mps = grid, sound_mps

    def render(
        self,
        paths: list[PropagationPath],
        motion: SampledMotion,
        receivers: ReceiverMotion,
        out: tuple[Samples, Samples],
    ) -> None:
        """Add the sound of all paths.

        Args:
            paths: Paths with gains at the control points of `EDGE_STEPS` more steps on either side.
            motion: Motion of the source during emission.
            receivers: Microphones at the same control points as the gains.
            out: Sound above the split (mic, sample), and below it at the low rate with one more step on either side.

        """
        height, step_s = self.emission.height_m, self._grid.step_samples / self._grid.sample_rate_hz
        arrivals = [arrive(motion, height, receivers, self._sound_mps, path.image) for path in paths]
        begin = int(np.floor(min(arrival.emitted_s[:, 0].min() for arrival in arrivals) / step_s))
        end = int(np.ceil(max(arrival.emitted_s[:, -1].max() for arrival in arrivals) / step_s)) + 1
        high, low = self.emission.high(begin, end), self.emission.low(begin, end)
        grid = self._grid
        for path, arrival in zip(paths, arrivals, strict=True):
            add_path(
                arrival.emitted_s, arrival.distance_m, arrival.shifts_s, arrival.facings, path.gains, begin * step_s,
                grid.sample_rate_hz, grid.low_rate_hz, high, low, out[0], out[1], powers(grid.step_samples, 1)[1],
            )  # fmt: skip
