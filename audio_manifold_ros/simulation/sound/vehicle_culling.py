# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""All moving sources: selection of those within the horizon and of their audible paths."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.array_types import FloatArray, Samples
from audio_manifold_ros.simulation.motion_table import MotionTable
from audio_manifold_ros.simulation.sound import propagation
from audio_manifold_ros.simulation.sound.arrival import SampledMotion
from audio_manifold_ros.simulation.sound.coarse_grid import CoarseGrid
from audio_manifold_ros.simulation.sound.doppler_delay import EDGE_STEPS
from audio_manifold_ros.simulation.sound.propagation import DOUBLE_MASKED_DB, LOW_WEIGHT, MASKED_DB
from audio_manifold_ros.simulation.sound.propagation_path import PropagationPath, SourceSound
from audio_manifold_ros.simulation.sound.receivers import Receivers
from audio_manifold_ros.simulation.sound.reflection.cylinder_gains import CYLINDER_FADE_M, cylinder_gains
from audio_manifold_ros.simulation.sound.reflection.cylinder_route import CylinderRoute
from audio_manifold_ros.simulation.sound.reflection.cylinders import NO_CYLINDERS, Cylinders
from audio_manifold_ros.simulation.sound.reflection.image_source_method import Walls
from audio_manifold_ros.simulation.sound.reflection.path_gains import direct_gains, reflected_gains
from audio_manifold_ros.simulation.sound.route import ImageRoute, Route
from audio_manifold_ros.simulation.sound.sample_grid import SampleGrid
from audio_manifold_ros.simulation.sound.screens import Screens

HORIZON_M = (110.0, 140.0)
# The nearby sources are selected for this time, with a margin for their motion between two points.
CHUNK_S = 1.0
CHUNK_POINTS = 5
CHUNK_MARGIN_M = 15.0
# The oldest sound that is received was emitted this long ago.
OLDEST_S = 0.6


@dataclass(frozen=True)
class _Nearby:
    """Source within the horizon on the coarse grid.

    Attributes:
        index: Index of the source.
        source_m: Positions (point, 3), its height included.
        velocities_mps: Velocities (point, 3).
        squares: Squared distances (point,) of its ground point.
        fade: Amplitude (point,) within the horizon.
        ratio: Fraction (point,) of the total received power.

    """

    index: int
    source_m: FloatArray
    velocities_mps: FloatArray
    squares: FloatArray
    fade: FloatArray
    ratio: FloatArray


class Traffic:
    """Moving sources of a street on direct paths and by reflections in walls and in trunks and poles."""

    def __init__(
        self,
        sounds: list[SourceSound],
        walls: Walls,
        receivers: Receivers,
        floor_power: float,
        grid: SampleGrid,
        sound_mps: float,
        screens: Screens,
        cylinders: Cylinders = NO_CYLINDERS,
    ) -> None:
        """Store sources and reflectors. `floor_power` is the mean square of all other sound."""
        self._screens, self._cylinders = screens, cylinders
        self._sounds, self._walls, self._receivers = sounds, walls, receivers
        self._grid, self._floor, self._sound_mps = grid, floor_power, sound_mps
        self._motions = MotionTable([sound.trajectory for sound in sounds])
        self._heights_m = np.array([sound.emission.height_m for sound in sounds])
        self._chunks: dict[int, NDArray[np.intp]] = {}

    def tail_powers(self, coarse: CoarseGrid, distance_m: float) -> FloatArray:
        """Return the powers (2, point) above and below the split of the reverberation of all sources near the array."""
        nearby = self._within_horizon(coarse.times_s[0], coarse.times_s[-1])
        centre = self._receivers.at(coarse.times_s).centre_m
        squares = np.sum((self._motions.at(coarse.times_s, nearby).positions_m - centre) ** 2, axis=2)
        spread = propagation.fade_out(np.sqrt(squares), *HORIZON_M) / (squares + distance_m**2)
        return np.asarray(np.sum(self._powers(nearby, coarse) * spread[:, None], axis=0))

    def render(self, first: int, last: int, out: tuple[Samples, Samples]) -> None:
        """Add steps first to last to the band above the split, and one more step on either side to the band below."""
        begin, end = first - EDGE_STEPS, last + EDGE_STEPS
        coarse = CoarseGrid.around(self._grid, begin, end)
        centre = self._receivers.at(coarse.times_s).centre_m
        nearby = self._nearby(coarse, centre)
        audible = [item for item in nearby if item.ratio.max() >= 10 ** (MASKED_DB[1] / 10)]
        start_s, end_s = float(coarse.times_s[0]), float(coarse.times_s[-1])
        motions = SampledMotion.of_many(self._motions, [item.index for item in audible], start_s - OLDEST_S, end_s)
        receivers = self._receivers.at(self._grid.times_s(begin, end))
        chosen = self._walls.near(centre[:, :2].mean(axis=0), HORIZON_M[1])
        cylinders = self._cylinders.near(centre[:, :2], CYLINDER_FADE_M[1])
        for item, motion in zip(audible, motions, strict=True):
            paths = self._paths(item, coarse, centre, chosen)
            paths += self._cylinder_paths(item, coarse, centre, cylinders)
            if paths:
                self._sounds[item.index].render(paths, motion, receivers, out)

    def _nearby(self, coarse: CoarseGrid, centre: FloatArray) -> list[_Nearby]:
        """Return the sources within the horizon with their fractions of the received power."""
        indices = self._within_horizon(coarse.times_s[0], coarse.times_s[-1])
        motions = self._motions.at(coarse.times_s, indices)
        squares = np.sum((motions.positions_m - centre) ** 2, axis=2)
        fades = propagation.fade_out(np.sqrt(squares), *HORIZON_M)
        powers = self._powers(indices, coarse)
        strengths = (powers[:, 0] + LOW_WEIGHT * powers[:, 1]) * fades / np.maximum(squares, 1.0)
        ratios = strengths / (strengths.sum(axis=0) + self._floor)
        sources = motions.positions_m
        sources[:, :, 2] += self._heights_m[indices][:, None]
        columns = zip(indices.tolist(), sources, motions.velocities_mps, squares, fades, ratios, strict=True)
        return [_Nearby(*column) for column in columns]

    def _powers(self, indices: NDArray[np.intp], coarse: CoarseGrid) -> FloatArray:
        """Return the powers (source, 2, point) of sources above and below the split."""
        powers = np.empty((len(indices), 2, len(coarse.times_s)))
        for row, index in enumerate(indices.tolist()):
            powers[row] = self._sounds[index].emission.powers(coarse.first, coarse.first + len(coarse.times_s))
        return powers

    def _within_horizon(self, start_s: float, end_s: float) -> NDArray[np.intp]:
        """Return the sources that may be within the horizon, in ascending order."""
        chunks = range(int(np.floor(start_s / CHUNK_S)), int(np.floor(end_s / CHUNK_S)) + 1)
        for chunk in chunks:
            if chunk not in self._chunks:
                times = np.linspace(chunk * CHUNK_S - OLDEST_S, (chunk + 1) * CHUNK_S, CHUNK_POINTS, dtype=np.float64)
                offsets = self._motions.at(times).positions_m - self._receivers.at(times).centre_m
                nearest = np.min(offsets[..., 0] ** 2 + offsets[..., 1] ** 2, axis=1)
                self._chunks[chunk] = np.flatnonzero(nearest < (HORIZON_M[1] + CHUNK_MARGIN_M) ** 2)
        return np.asarray(np.unique(np.concatenate([self._chunks[chunk] for chunk in chunks])))

    def _paths(
        self, item: _Nearby, coarse: CoarseGrid, centre: FloatArray, chosen: NDArray[np.intp]
    ) -> list[PropagationPath]:
        gains: list[FloatArray] = []
        routes: list[Route] = []
        direct = self._screens.direct(item.index, item.source_m, centre, coarse.times_s)
        if direct_gains(item.ratio, item.fade, direct):
            gains.append(direct)
            routes.append(ImageRoute())
        longest = HORIZON_M[1] * 2
        strongest = float((item.ratio * item.squares).max())
        reaches = [
            min(float(np.sqrt(strongest / 10 ** (masked[1] / 10))), longest) for masked in (MASKED_DB, DOUBLE_MASKED_DB)
        ]
        up = float(self._heights_m[item.index] - centre[0, 2])
        found = self._walls.reflections(
            item.source_m[:, :2], item.velocities_mps[:, :2], centre[:, :2], up, self._sound_mps,
            (reaches[0], reaches[1]), chosen,
        )  # fmt: skip
        buildings = self._screens.buildings
        for image in found:
            reflected = np.empty((3, len(centre)))
            is_audible = reflected_gains(
                image.image, image.points_m, image.gate, (image.low_gain, image.high_gain), item.source_m, centre, up,
                item.ratio * item.squares, item.fade, buildings.poses[:, 0], buildings.sizes_m, self._sound_mps,
                reflected,
            )  # fmt: skip
            if is_audible:
                gains.append(reflected)
                routes.append(ImageRoute(image.image))
        refined = coarse.refine(np.array(gains)) if gains else ()
        return [PropagationPath(*path) for path in zip(refined, routes, strict=True)]

    def _cylinder_paths(
        self, item: _Nearby, coarse: CoarseGrid, centre: FloatArray, cylinders: Cylinders
    ) -> list[PropagationPath]:
        """Return the audible paths by reflection in trunks and poles near the array."""
        if not len(cylinders):
            return []
        buildings = self._screens.buildings
        gains = np.empty((len(cylinders), 3, len(centre)))
        is_audible = cylinder_gains(
            cylinders.shapes_m, cylinders.gains, item.source_m, item.velocities_mps, centre,
            item.ratio * item.squares, item.fade, buildings.poses[:, 0], buildings.sizes_m, self._sound_mps, gains,
        )  # fmt: skip
        found = np.flatnonzero(is_audible)
        refined = coarse.refine(gains[found]) if len(found) else ()
        routes = [CylinderRoute(*shape) for shape in cylinders.shapes_m[found].tolist()]
        return [PropagationPath(*path) for path in zip(refined, routes, strict=True)]
