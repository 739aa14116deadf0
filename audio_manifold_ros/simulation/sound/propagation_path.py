# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Sound of one source on the direct path and by reflections, each with its reflection from the ground."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from audio_manifold_ros.common.array_types import FloatArray, Samples
from audio_manifold_ros.simulation.compiled import compiled
from audio_manifold_ros.simulation.sound.arrival import SampledMotion
from audio_manifold_ros.simulation.sound.doppler_delay import (
    EDGE_STEPS,
    fan_out_pairs,
    read_bands,
    read_path,
)
from audio_manifold_ros.simulation.sound.emission import Emission
from audio_manifold_ros.simulation.sound.propagation import GROUND_REFLECTION, MIN_DISTANCE_M
from audio_manifold_ros.simulation.sound.receivers import ReceiverMotion
from audio_manifold_ros.simulation.sound.route import ImageRoute, Route
from audio_manifold_ros.simulation.sound.sample_grid import LOW_STEP_SAMPLES, OVERSAMPLING, SampleGrid, powers
from audio_manifold_ros.simulation.sound.spectra import AIR_DB_PER_M
from audio_manifold_ros.simulation.trajectory import Trajectory


@dataclass(frozen=True)
class PropagationPath:
    """One path from a source to the array.

    Attributes:
        gains: Amplitudes below the split, from the split to 2.8 kHz, and above (3, time), without spreading.
        route: Route of the sound. The default is the direct one.

    """

    gains: FloatArray
    route: Route = field(default_factory=ImageRoute)


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
        arrivals = [path.route.arrive(motion, height, receivers, self._sound_mps) for path in paths]
        begin = int(np.floor(min(arrival.emitted_s[:, 0].min() for arrival in arrivals) / step_s))
        end = int(np.ceil(max(arrival.emitted_s[:, -1].max() for arrival in arrivals) / step_s)) + 1
        high, low = self.emission.high(begin, end), self.emission.low(begin, end)
        grid = self._grid
        for path, arrival in zip(paths, arrivals, strict=True):
            add_path(
                arrival.emitted_s, arrival.distance_m, arrival.shifts_s, arrival.facings, path.gains, begin * step_s,
                grid.sample_rate_hz, grid.low_rate_hz, high, low, out[0], out[1], powers(grid.step_samples, 1)[1],
            )  # fmt: skip


@compiled(
    'void(f8[:, ::1], f8[:, ::1], f8[:, ::1], f8[:, ::1], f8[:, ::1], f8, f8, f8, f4[:, ::1], f4[::1], f4[:, ::1],'
    'f4[:, ::1], Array(f4, 1, "C", readonly=True))'
)
def add_path(
    emitted_s: FloatArray,
    distance_m: FloatArray,
    shifts_s: FloatArray,
    facings: FloatArray,
    path_gains: FloatArray,
    start_s: float,
    rate_hz: float,
    low_rate_hz: float,
    high: Samples,
    low: Samples,
    high_out: Samples,
    low_out: Samples,
    t: Samples,
) -> None:
    """Add the sound of one path, direct and over the ground, to all microphones.

    Args:
        emitted_s: Times of emission (1 + 2 · mic, time), as in `Arrival`, with `EDGE_STEPS` more steps on either side.
        distance_m: Travelled distance (1 + 2 · mic, time).
        shifts_s: Shifts relative to the centre (2 · mic, time).
        facings: Directivity above the split (2 · mic, time).
        path_gains: Amplitudes below the split and of the two bands above it (3, time), without spreading.
        start_s: Time of the first sample of the emitted signals.
        rate_hz: Sample rate.
        low_rate_hz: Low rate.
        high: Emitted bands above the split, float32 (2, n) at `OVERSAMPLING` times the rate.
        low: Emitted signal below the split, float32 (n,) at `OVERSAMPLING` times the low rate.
        high_out: Sound above the split (mic, sample), added to in place.
        low_out: Sound below the split at the low rate (mic, sample) with one more step on either side.
        t: 0 to 1 over a step at the sample rate.

    """
    rows, times = shifts_s.shape
    mics, width, edge = rows // 2, len(t), EDGE_STEPS
    short = LOW_STEP_SAMPLES
    gains, place, low_place, low_gain = (
        np.empty((2, times)), np.empty(times), np.empty((1, times)), np.empty((1, times)),
    )  # fmt: skip
    for step in range(times):
        distance = max(distance_m[0, step], MIN_DISTANCE_M)
        gains[0, step] = path_gains[1, step] / distance * 10 ** (-AIR_DB_PER_M[0] * distance / 20)
        gains[1, step] = path_gains[2, step] / distance * 10 ** (-AIR_DB_PER_M[1] * distance / 20)
        low_gain[0, step] = path_gains[0, step] / distance
        place[step] = (emitted_s[0, step] - start_s) * (rate_hz * OVERSAMPLING)
        low_place[0, step] = (emitted_s[0, step] - start_s) * (low_rate_hz * OVERSAMPLING)
    middle = np.empty(2 * width * (times - 1), dtype=np.float32)
    read_bands(middle, high, place, gains, np.arange(2 * width).astype(np.float32) / np.float32(2 * width))
    low_middle = np.zeros((1, 2 * short * (times - 1)), dtype=np.float32)
    read_path(low_middle, low, low_place, low_gain, np.arange(2 * short).astype(np.float32) / np.float32(2 * short))
    halves = np.empty((2, len(middle) // 2), dtype=np.float32)
    low_halves = np.empty((2, low_middle.shape[1] // 2), dtype=np.float32)
    for odd in range(2):
        halves[odd], low_halves[odd] = middle[odd::2], low_middle[0, odd::2]
    low_t = np.arange(short).astype(np.float32) / np.float32(short)
    # Rows are a microphone's direct sound and its sound over the ground in turn.
    shifts, weights = np.empty((rows, times - 2 * edge)), np.empty((rows, times - 2 * edge))
    low_shifts, low_weights = np.empty((rows, times - 2 * edge + 2)), np.empty((rows, times - 2 * edge + 2))
    for row in range(rows):
        strength, place_of = (1.0, 2 * row) if row < mics else (GROUND_REFLECTION, 2 * (row - mics) + 1)
        for step in range(edge - 1, times - edge + 1):
            near = strength * max(distance_m[0, step], MIN_DISTANCE_M) / max(distance_m[1 + row, step], MIN_DISTANCE_M)
            low_shifts[place_of, step - edge + 1] = shifts_s[row, step] * (2 * low_rate_hz)
            low_weights[place_of, step - edge + 1] = near
            if edge <= step < times - edge:
                shifts[place_of, step - edge] = shifts_s[row, step] * (2 * rate_hz)
                weights[place_of, step - edge] = near * facings[row, step]
    fan_out_pairs(high_out, halves, shifts, weights, t, edge)
    fan_out_pairs(low_out, low_halves, low_shifts, low_weights, low_t, edge - 1)
