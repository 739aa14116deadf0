# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""All moving sources: selection of those within the horizon and of their audible paths."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.array_types import FloatArray, Samples
from audio_manifold_ros.simulation.compiled import compiled
from audio_manifold_ros.simulation.motion_table import MotionTable
from audio_manifold_ros.simulation.sound import propagation
from audio_manifold_ros.simulation.sound.arrival import IDENTITY, SampledMotion
from audio_manifold_ros.simulation.sound.coarse_grid import CoarseGrid
from audio_manifold_ros.simulation.sound.doppler_delay import EDGE_STEPS
from audio_manifold_ros.simulation.sound.image_source_method import Walls
from audio_manifold_ros.simulation.sound.occlusion import BAND_HZ, diffraction_gain, largest_detour
from audio_manifold_ros.simulation.sound.propagation import audibility
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
        for item, motion in zip(audible, motions, strict=True):
            paths = self._paths(item, coarse, centre, chosen)
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
        gains, images = [], []
        direct = self._screens.direct(item.index, item.source_m, centre, coarse.times_s)
        if _direct_gains(item.ratio, item.fade, direct):
            gains.append(direct)
            images.append(IDENTITY)
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
            is_audible = _reflected_gains(
                image.image, image.points_m, image.gate, (image.low_gain, image.high_gain), item.source_m, centre, up,
                item.ratio * item.squares, item.fade, buildings.poses[:, 0], buildings.sizes_m, self._sound_mps,
                reflected,
            )  # fmt: skip
            if is_audible:
                gains.append(reflected)
                images.append(image.image)
        refined = coarse.refine(np.array(gains)) if gains else ()
        return [PropagationPath(*path) for path in zip(refined, images, strict=True)]


@compiled('f8(f8, f8)')
def _power(low: float, high: float) -> float:
    """Return the mean square of a path with amplitudes below and above the split, relative to one without losses."""
    return (high**2 + LOW_WEIGHT * low**2) / (1 + LOW_WEIGHT)


@compiled('b1(f8[::1], f8[::1], f8[:, ::1])')
def _direct_gains(ratio: FloatArray, fade: FloatArray, gains: FloatArray) -> bool:
    """Multiply the amplitudes (3, time) of a direct path by its audibility. Return whether anything is left."""
    is_audible = False
    for time in range(len(ratio)):
        power = ratio[time] * _power(gains[0, time], gains[1, time])
        gate = fade[time] * audibility(power, MASKED_DB[0], MASKED_DB[1])
        gains[0, time] *= gate
        gains[1, time] *= gate
        gains[2, time] *= gate
        is_audible |= gate > 0
    return is_audible


@compiled(
    'b1(f8[:, ::1], f8[:, :, ::1], f8[::1], UniTuple(f8, 2), f8[:, ::1], f8[:, ::1], f8, f8[::1], f8[::1],'
    'f8[:, ::1], f8[:, ::1], f8, f8[:, ::1])'
)
def _reflected_gains(
    image: FloatArray,
    points: FloatArray,
    gate: FloatArray,
    losses: tuple[float, float],
    source: FloatArray,
    centre: FloatArray,
    up: float,
    strength: FloatArray,
    fade: FloatArray,
    poses: FloatArray,
    sizes: FloatArray,
    sound: float,
    gains: FloatArray,
) -> bool:
    """Write the amplitudes (3, time) of a reflected path behind buildings. Return whether it is audible."""
    orders, times = len(points), len(gate)
    audible_db, inaudible_db = MASKED_DB if orders == 1 else DOUBLE_MASKED_DB
    low_loss, high_loss = losses
    shares = np.empty(times)
    is_audible = False
    for time in range(times):
        x = image[0, 0] * source[time, 0] + image[0, 1] * source[time, 1] + image[0, 2] - centre[time, 0]
        y = image[1, 0] * source[time, 0] + image[1, 1] * source[time, 1] + image[1, 2] - centre[time, 1]
        shares[time] = strength[time] / (x**2 + y**2 + up**2)
        level = gate[time] * fade[time] * audibility(shares[time] * high_loss**2, audible_db, inaudible_db)
        is_audible |= level > 0
    gains[:] = 0.0
    if not is_audible:
        return False
    is_audible = False
    for time in range(times):
        if gate[time] * fade[time] == 0:
            continue
        # The mean of the two heights is good enough: buildings are much higher.
        middle = (source[time, 2] + centre[time, 2]) / 2
        start = (centre[time, 0], centre[time, 1], centre[time, 2])
        detour = -1.0
        for order in range(orders):
            point = (points[order, time, 0], points[order, time, 1], middle)
            detour = max(detour, largest_detour(poses, sizes, start, point, -1))
            start = point
        end = (source[time, 0], source[time, 1], source[time, 2])
        detour = max(detour, largest_detour(poses, sizes, start, end, -1))
        low = low_loss * diffraction_gain(detour, BAND_HZ[0], sound)
        middle_gain = high_loss * diffraction_gain(detour, BAND_HZ[1], sound)
        high = high_loss * diffraction_gain(detour, BAND_HZ[2], sound)
        level = gate[time] * fade[time]
        level *= audibility(shares[time] * _power(low, middle_gain), audible_db, inaudible_db)
        gains[0, time], gains[1, time], gains[2, time] = level * low, level * middle_gain, level * high
        is_audible |= level > 0
    return is_audible
