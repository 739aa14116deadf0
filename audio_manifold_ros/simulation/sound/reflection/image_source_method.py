# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Image-source method for reflections of first and second order in vertical walls of any direction."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.array_types import FloatArray
from audio_manifold_ros.simulation.compiled import compiled
from audio_manifold_ros.simulation.sound.reflection.building_walls import (
    Wall,
    compose,
    distance_before,
    distance_from,
    opening,
    reflections_in,
)

MAX_IMAGES = 64
# A reflection that could open between two of the three probed times is found within this margin of its wall.
PROBE_MARGIN_M = 12.0


@dataclass(frozen=True)
class ImagePath:
    """Mirror image of a source.

    Attributes:
        image: Reflection and shift (2, 3) of the horizontal coordinates.
        gate: Reflected fraction of the amplitude (time,), 0 to 1.
        low_gain: Amplitude of all reflections below the split.
        high_gain: Amplitude of all reflections above the split.
        points_m: Points of reflection (1 or 2, time, 2), the one next to the array first.

    """

    image: FloatArray
    gate: FloatArray
    low_gain: float
    high_gain: float
    points_m: FloatArray


class Walls:
    """All walls of a street as arrays, to find the reflections that are open."""

    def __init__(self, walls: tuple[Wall, ...]) -> None:
        """Store the geometry."""
        self.walls = walls
        starts = np.array([wall.start_m for wall in walls], dtype=np.float64).reshape(-1, 2)
        ends = np.array([wall.end_m for wall in walls], dtype=np.float64).reshape(-1, 2)
        lengths = np.maximum(np.linalg.norm(ends - starts, axis=1), 1e-6)
        tangents = (ends - starts) / lengths[:, None]
        edges = np.array([wall.edge_m for wall in walls], dtype=np.float64)
        self._planes = np.ascontiguousarray(np.column_stack([starts, tangents, lengths, edges]))
        self._gains = np.array([wall.high_gain for wall in walls])
        self.images = reflections_in(starts, tangents)
        self._middles = (starts + ends) / 2
        self._reaches = lengths / 2

    def near(self, place_m: FloatArray, reach_m: float) -> NDArray[np.intp]:
        """Return the indices of the walls with a point within reach of a place (2,)."""
        return np.flatnonzero(np.linalg.norm(self._middles - place_m, axis=1) - self._reaches < reach_m)

    def reflections(
        self,
        positions_m: FloatArray,
        velocities_mps: FloatArray,
        receiver_m: FloatArray,
        up_m: float,
        sound_mps: float,
        reach_m: tuple[float, float],
        chosen: NDArray[np.intp],
    ) -> list[ImagePath]:
        """Return the open reflections of a source.

        Args:
            positions_m: Positions (time, 2) of the source when the sound is received.
            velocities_mps: Velocities (time, 2) of the source. Between emission and reception they are constant.
            receiver_m: Positions (time, 2) of the centre of the array.
            up_m: Height of the source over the array.
            sound_mps: Speed of sound.
            reach_m: Longer paths than this are left out, for single and double reflections. Losses of reflection count
                as additional length.
            chosen: Indices of the walls that may reflect.

        """
        times = len(positions_m)
        gates, places = np.zeros((MAX_IMAGES, times)), np.zeros((MAX_IMAGES, 2, times, 2))
        indices: NDArray[np.int64] = np.zeros((MAX_IMAGES, 2), dtype=np.int64)
        count = _find(
            np.ascontiguousarray(positions_m), np.ascontiguousarray(velocities_mps), np.ascontiguousarray(receiver_m),
            up_m, sound_mps, self._planes[chosen], self._gains[chosen], *reach_m, gates, places, indices,
        )  # fmt: skip
        return [
            self._path(int(chosen[first]), int(chosen[second]) if second >= 0 else -1, gate, points)
            for (first, second), gate, points in zip(indices[:count].tolist(), gates, places, strict=False)
        ]

    def _path(self, first: int, second: int, gate: FloatArray, places: FloatArray) -> ImagePath:
        wall = self.walls[first]
        if second < 0:
            return ImagePath(self.images[first], gate, wall.low_gain, wall.high_gain, places[:1])
        other = self.walls[second]
        image = compose(self.images[second], self.images[first])
        return ImagePath(image, gate, wall.low_gain * other.low_gain, wall.high_gain * other.high_gain, places)


@compiled('f8(f8[:, ::1], i8, i8, f8[::1], f8[::1], f8[::1], f8, f8, f8, f8, f8[:, ::1])')
def _gate(
    planes: FloatArray,
    first: int,
    second: int,
    source: FloatArray,
    velocity: FloatArray,
    receiver: FloatArray,
    up: float,
    sound: float,
    margin: float,
    reach: float,
    places: FloatArray,
) -> float:
    """Return the open fraction of the reflection in one wall, or in a first and a second wall, and write its points."""
    x, y, vx, vy = source[0], source[1], velocity[0], velocity[1]
    # Uniform motion: the image now, and the travel time from the image at the time of emission.
    ix, iy, wx, wy = x, y, vx, vy
    for order in range(2):
        wall = first if order == 0 else second
        if wall < 0:
            continue
        nx, ny = -planes[wall, 3], planes[wall, 2]
        away = distance_before(planes, wall, ix, iy)
        ix, iy = ix - 2 * away * nx, iy - 2 * away * ny
        speed = wx * nx + wy * ny
        wx, wy = wx - 2 * speed * nx, wy - 2 * speed * ny
    rx, ry = ix - receiver[0], iy - receiver[1]
    excess = sound**2 - wx**2 - wy**2
    back = rx * wx + ry * wy
    tau = (np.sqrt(back**2 + excess * (rx**2 + ry**2 + up**2)) - back) / excess
    if tau * sound > reach:
        return 0.0
    ix, iy, x, y = ix - wx * tau, iy - wy * tau, x - vx * tau, y - vy * tau
    last = first if second < 0 else second
    here, there = distance_before(planes, last, receiver[0], receiver[1]), -distance_before(planes, last, ix, iy)
    if here <= 0 or there <= 0 or distance_before(planes, first, x, y) <= 0:
        return 0.0
    share = here / (here + there)
    px, py = receiver[0] + share * (ix - receiver[0]), receiver[1] + share * (iy - receiver[1])
    places[0, 0], places[0, 1] = px, py
    gate = opening(planes, last, px, py, margin)
    if second < 0 or gate == 0:
        return gate
    # The image in the first wall alone, as the second wall receives it.
    away = distance_before(planes, first, x, y)
    fx, fy = x + 2 * away * planes[first, 3], y - 2 * away * planes[first, 2]
    here, there = distance_before(planes, first, px, py), away
    if here <= 0 or distance_before(planes, second, fx, fy) <= 0:
        return 0.0
    share = here / (here + there)
    qx, qy = px + share * (fx - px), py + share * (fy - py)
    places[1, 0], places[1, 1] = qx, qy
    return gate * opening(planes, first, qx, qy, margin)


@compiled('b1(f8[:, ::1], i8, i8, f8[:, ::1], f8[:, ::1], f8[:, ::1], f8, f8, f8, f8[:, ::1])')
def _may_open(
    planes: FloatArray,
    first: int,
    second: int,
    source: FloatArray,
    velocity: FloatArray,
    receiver: FloatArray,
    up: float,
    sound: float,
    reach: float,
    places: FloatArray,
) -> bool:
    """Return whether a reflection opens, or almost opens, at one of three times. `places` is overwritten."""
    for probe in (0, len(source) // 2, len(source) - 1):
        gate = _gate(
            planes, first, second, source[probe], velocity[probe], receiver[probe], up, sound, PROBE_MARGIN_M, reach,
            places,
        )  # fmt: skip
        if gate > 0:
            return True
    return False


@compiled(
    'i8(f8[:, ::1], f8[:, ::1], f8[:, ::1], f8, f8, f8[:, ::1], f8[::1], f8, f8, f8[:, ::1],'
    'f8[:, :, :, ::1], i8[:, ::1])'
)
def _find(
    source: FloatArray,
    velocity: FloatArray,
    receiver: FloatArray,
    up: float,
    sound: float,
    planes: FloatArray,
    gains: FloatArray,
    reach: float,
    double_reach: float,
    gates: FloatArray,
    places: FloatArray,
    indices: NDArray[np.int64],
) -> int:
    count, times, walls = 0, len(source), len(planes)
    probes = (0, times // 2, times - 1)
    points = np.zeros((2, 2))
    is_facing = np.zeros(walls, dtype=np.bool_)
    # Smallest distances of source and array from each wall: their sum is a lower bound of the length of a path.
    outward, homeward = np.full(walls, np.inf), np.full(walls, np.inf)
    for wall in range(walls):
        for probe in probes:
            is_facing[wall] |= distance_before(planes, wall, receiver[probe, 0], receiver[probe, 1]) > 0
            outward[wall] = min(outward[wall], distance_from(planes, wall, source[probe, 0], source[probe, 1]))
            homeward[wall] = min(homeward[wall], distance_from(planes, wall, receiver[probe, 0], receiver[probe, 1]))
    for first in range(walls):
        is_lit = False
        for probe in probes:
            # Between emission and reception the source has moved by less than the margin.
            is_lit |= distance_before(planes, first, source[probe, 0], source[probe, 1]) > -PROBE_MARGIN_M
        if not is_lit:
            continue
        for second in range(-1, walls):
            if second == first or not is_facing[first if second < 0 else second]:
                continue
            limit = reach * gains[first] if second < 0 else double_reach * gains[first] * gains[second]
            if outward[first] + homeward[first if second < 0 else second] > limit + PROBE_MARGIN_M:
                continue
            if count >= MAX_IMAGES or not _may_open(
                planes, first, second, source, velocity, receiver, up, sound, limit, points
            ):
                continue
            is_open = False
            for time in range(times):
                gate = _gate(
                    planes, first, second, source[time], velocity[time], receiver[time], up, sound, 0.0, limit, points
                )
                gates[count, time] = gate
                places[count, :, time, :] = points
                is_open = is_open or gate > 0
            if is_open:
                indices[count, 0], indices[count, 1] = first, second
                count += 1
    return count
