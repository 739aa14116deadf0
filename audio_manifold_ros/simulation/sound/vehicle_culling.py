# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""All moving sources: selection of those within the horizon and of their audible paths."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.array_types import FloatArray, Samples
from audio_manifold_ros.simulation.sound import propagation
from audio_manifold_ros.simulation.sound.arrival import SampledMotion
from audio_manifold_ros.simulation.sound.coarse_grid import CoarseGrid
from audio_manifold_ros.simulation.sound.doppler_delay import EDGE_STEPS
from audio_manifold_ros.simulation.sound.image_source_method import Walls
from audio_manifold_ros.simulation.sound.propagation_path import PropagationPath, SourceSound
from audio_manifold_ros.simulation.sound.receivers import Receivers
from audio_manifold_ros.simulation.sound.sample_grid import SampleGrid
from audio_manifold_ros.simulation.sound.screens import Screens

HORIZON_M = (110.0, 140.0)
# A path is faded out between these levels relative to the total received power, in dB.
MASKED_DB = (-30.0, -35.0)
# The same for double reflections. Façades scatter a part of the energy each time, so that little of it stays coherent.
DOUBLE_MASKED_DB = (-15.0, -20.0)
LOW_WEIGHT = 0.1
# The nearby sources are selected for this time, with a margin for their motion between two points.
CHUNK_S = 1.0
CHUNK_POINTS = 5
CHUNK_MARGIN_M = 15.0
# The oldest sound that is received was emitted this long ago.
OLDEST_S = 0.6


@dataclass(frozen=True)
class _Nearby:
    """Source within the horizon on the coarse grid: positions, squared distances and powers."""

    index: int
    positions_m: FloatArray
    squares: FloatArray
    powers: FloatArray


class Traffic:
    """Moving sources of a street on direct paths and by reflections in walls."""

    def __init__(
        self,
        sounds: list[SourceSound],
        walls: Walls,
        receivers: Receivers,
        floor_power: float,
        grid: SampleGrid,
        sound_mps: float,
        screens: Screens,
    ) -> None:
        """Store sources and walls. `floor_power` is the mean square of all other sound."""
        self._screens = screens
        self._sounds, self._walls, self._receivers = sounds, walls, receivers
        self._grid, self._floor, self._sound_mps = grid, floor_power, sound_mps
        self._chunks: dict[int, list[int]] = {}

    def tail_powers(self, coarse: CoarseGrid, distance_m: float) -> FloatArray:
        """Return the powers (2, point) above and below the split of the reverberation of all sources near the array."""
        powers = np.zeros((2, len(coarse.times_s)))
        centre = self._receivers.at(coarse.times_s).centre_m
        for index in self._within_horizon(coarse.times_s[0], coarse.times_s[-1]):
            sound = self._sounds[index]
            square = np.sum((np.asarray(sound.trajectory.position(coarse.times_s)) - centre) ** 2, axis=1)
            spread = propagation.fade_out(np.sqrt(square), *HORIZON_M) / (square + distance_m**2)
            powers += sound.emission.powers(coarse.first, coarse.first + len(coarse.times_s)) * spread
        return powers

    def render(self, first: int, last: int, out: tuple[Samples, Samples]) -> None:
        """Add steps first to last to the band above the split, and one more step on either side to the band below."""
        begin, end = first - EDGE_STEPS, last + EDGE_STEPS
        coarse = CoarseGrid.around(self._grid, begin, end)
        centre = self._receivers.at(coarse.times_s).centre_m
        nearby = [
            self._at(index, coarse, centre) for index in self._within_horizon(coarse.times_s[0], coarse.times_s[-1])
        ]
        if not nearby:
            return
        strengths = np.array(
            [
                (item.powers[0] + LOW_WEIGHT * item.powers[1])
                * propagation.fade_out(np.sqrt(item.squares), *HORIZON_M)
                / np.maximum(item.squares, 1.0)
                for item in nearby
            ]
        )
        ratios = strengths / (strengths.sum(axis=0) + self._floor)
        receivers = self._receivers.at(self._grid.times_s(begin, end))
        chosen = self._walls.near(centre[:, :2].mean(axis=0), HORIZON_M[1])
        for item, ratio in zip(nearby, ratios, strict=True):
            sound = self._sounds[item.index]
            paths = self._paths(item, ratio, coarse, centre, chosen)
            if paths:
                start_s, end_s = float(coarse.times_s[0]), float(coarse.times_s[-1])
                motion = SampledMotion.sample(sound.trajectory, start_s - OLDEST_S, end_s)
                sound.render(paths, motion, receivers, out)

    def _within_horizon(self, start_s: float, end_s: float) -> list[int]:
        """Return the sources that may be within the horizon, in ascending order."""
        found: set[int] = set()
        for chunk in range(int(np.floor(start_s / CHUNK_S)), int(np.floor(end_s / CHUNK_S)) + 1):
            if chunk not in self._chunks:
                times = np.linspace(chunk * CHUNK_S - OLDEST_S, (chunk + 1) * CHUNK_S, CHUNK_POINTS, dtype=np.float64)
                centre = self._receivers.at(times).centre_m
                reach = HORIZON_M[1] + CHUNK_MARGIN_M
                self._chunks[chunk] = [
                    index
                    for index, sound in enumerate(self._sounds)
                    if np.linalg.norm((np.asarray(sound.trajectory.position(times)) - centre)[:, :2], axis=1).min()
                    < reach
                ]
            found.update(self._chunks[chunk])
        return sorted(found)

    def _at(self, index: int, coarse: CoarseGrid, centre: FloatArray) -> _Nearby:
        sound = self._sounds[index]
        positions = np.asarray(sound.trajectory.position(coarse.times_s))
        squares = np.sum((positions - centre) ** 2, axis=1)
        return _Nearby(index, positions, squares, sound.emission.powers(coarse.first, coarse.first + len(positions)))

    def _paths(
        self, item: _Nearby, ratio: FloatArray, coarse: CoarseGrid, centre: FloatArray, chosen: NDArray[np.intp]
    ) -> list[PropagationPath]:
        if ratio.max() < 10 ** (MASKED_DB[1] / 10):
            return []
        sound = self._sounds[item.index]
        fade = propagation.fade_out(np.sqrt(item.squares), *HORIZON_M)
        source = item.positions_m + np.array([0.0, 0.0, sound.emission.height_m])
        paths = []
        gains = self._screens.direct(item.index, source, centre, coarse.times_s)
        gate = fade * _audibility(ratio * _power(gains), MASKED_DB)
        if gate.any():
            paths.append(PropagationPath(coarse.refine(gate * gains)))
        longest = HORIZON_M[1] * 2
        strongest = float((ratio * item.squares).max())
        single, double = (
            min(float(np.sqrt(strongest / 10 ** (masked[1] / 10))), longest) for masked in (MASKED_DB, DOUBLE_MASKED_DB)
        )
        up = sound.emission.height_m - float(centre[0, 2])
        velocities = np.asarray(sound.trajectory.velocity(coarse.times_s))[:, :2]
        for image in self._walls.reflections(
            item.positions_m[:, :2],
            velocities,
            centre[:, :2],
            up,
            self._sound_mps,
            (single, double),
            chosen,
        ):
            mirrored = item.positions_m[:, :2] @ image.image[:, :2].T + image.image[:, 2]
            square = np.sum((mirrored - centre[:, :2]) ** 2, axis=1) + up**2
            masked = MASKED_DB if len(image.points_m) == 1 else DOUBLE_MASKED_DB
            gate = image.gate * fade * _audibility(ratio * item.squares / square * image.high_gain**2, masked)
            if gate.any():
                losses = np.array([image.low_gain, image.high_gain, image.high_gain])[:, None]
                gains = losses * self._screens.reflected(source, image.points_m, centre)
                gate = image.gate * fade * _audibility(ratio * item.squares / square * _power(gains), masked)
                if gate.any():
                    paths.append(PropagationPath(coarse.refine(gate * gains), image.image))
        return paths


def _power(gains: FloatArray) -> FloatArray:
    """Return the mean square (time,) of a path with amplitudes (3, time), relative to a path without losses."""
    return np.asarray((gains[1] ** 2 + LOW_WEIGHT * gains[0] ** 2) / (1 + LOW_WEIGHT))


def _audibility(power_ratio: FloatArray, masked_db: tuple[float, float]) -> FloatArray:
    """Return 1 for an audible path, 0 for an inaudible one, from its fraction of the total received power."""
    audible_db, inaudible_db = masked_db
    return 1 - propagation.fade_out(10 * np.log10(np.maximum(power_ratio, 1e-12)), inaudible_db, audible_db)
