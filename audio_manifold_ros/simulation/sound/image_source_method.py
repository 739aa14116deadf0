# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Image-source method for reflections of first and second order in vertical walls of any direction."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.array_types import FloatArray
from audio_manifold_ros.simulation.compiled import compiled
from audio_manifold_ros.simulation.scene import Facade

FACADE_EDGE_M = 0.4
MAX_IMAGES = 64
# A wall with another building this close in front of it reflects nothing.
COVERED_M = 1.0
MIN_WALL_M = 1e-3
# A reflection that could open between two of the three probed times is found within this margin of its wall.
PROBE_MARGIN_M = 12.0


@dataclass(frozen=True)
class Wall:
    """Reflecting vertical strip. The reflecting side is on the left of the direction from start to end.

    Attributes:
        start_m: One end (x, y).
        end_m: The other end.
        low_gain: Amplitude of the reflection below the split.
        high_gain: Amplitude of the reflection above the split.
        edge_m: Half of the width in which the reflection fades at the ends.

    """

    start_m: tuple[float, float]
    end_m: tuple[float, float]
    low_gain: float
    high_gain: float
    edge_m: float = FACADE_EDGE_M


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


def reflection(wall: Wall) -> FloatArray:
    """Return the reflection and shift (2, 3) in the plane of a wall."""
    start, end = np.array(wall.start_m), np.array(wall.end_m)
    return np.asarray(_reflections(start[None], (end - start)[None] / np.linalg.norm(end - start))[0])


def _reflections(starts_m: FloatArray, tangents: FloatArray) -> FloatArray:
    """Return the reflections and shifts (wall, 2, 3) in walls through points (wall, 2) along unit vectors (wall, 2)."""
    normals = np.stack([-tangents[:, 1], tangents[:, 0]], axis=1)
    shifts = 2 * np.sum(starts_m * normals, axis=1, keepdims=True) * normals
    reflected = np.eye(2) - 2 * normals[:, :, None] * normals[:, None, :]
    return np.concatenate([reflected, shifts[:, :, None]], axis=2)


def compose(second: FloatArray, first: FloatArray) -> FloatArray:
    """Return the image (2, 3) of a reflection `first` in another one."""
    return np.column_stack([second[:, :2] @ first[:, :2], second[:, :2] @ first[:, 2] + second[:, 2]])


def street_walls(facades: tuple[Facade, ...]) -> tuple[Wall, ...]:
    """Return all walls of buildings that are not covered by a neighbouring building.

    A building has a front, two sides and a back. It reflects the energy that is not absorbed or scattered. Low bands
    are scattered less.
    """
    corners = facade_corners(facades)
    is_free = np.zeros(corners.shape[:2], dtype=np.bool_)
    _uncovered(corners, is_free)
    scattering = np.array([facade.scattering for facade in facades])
    reflected = 1 - np.array([facade.absorption for facade in facades])
    gains = np.sqrt(np.stack([reflected * (1 - 0.3 * scattering), reflected * (1 - scattering)], axis=1)).tolist()
    ends = corners.tolist()
    return tuple(
        Wall((*ends[building][k],), (*ends[building][(k + 1) % 4],), *gains[building])
        for building, k in np.argwhere(is_free).tolist()
    )


def facade_corners(facades: tuple[Facade, ...]) -> FloatArray:
    """Return the corners (building, 4, 2) of buildings: the front from start to end, then the back."""
    start = np.array([facade.start_m for facade in facades], dtype=np.float64).reshape(-1, 2)
    end = np.array([facade.end_m for facade in facades], dtype=np.float64).reshape(-1, 2)
    depths = np.array([facade.depth_m for facade in facades], dtype=np.float64)[:, None]
    along = (end - start) / np.maximum(np.sqrt(np.sum((end - start) ** 2, axis=1, keepdims=True)), 1e-6)
    depth = np.stack([along[:, 1], -along[:, 0]], axis=1) * depths
    return np.stack([start, end, end + depth, start + depth], axis=1)


@compiled('void(f8[:, :, ::1], b1[:, ::1])')
def _uncovered(corners: FloatArray, is_free: NDArray[np.bool_]) -> None:
    """Write which walls (building, 4) have no other building `COVERED_M` in front of their middle."""
    for building in range(len(corners)):
        for k in range(4):
            x, y = corners[building, k]
            end_x, end_y = corners[building, (k + 1) % 4]
            length = np.sqrt((end_x - x) ** 2 + (end_y - y) ** 2)
            if length <= MIN_WALL_M:
                continue
            px = (x + end_x) / 2 + (y - end_y) / length * COVERED_M
            py = (y + end_y) / 2 + (end_x - x) / length * COVERED_M
            is_free[building, k] = True
            for other in range(len(corners)):
                is_inside = True
                for edge in range(4):
                    # A building is on the right of its walls.
                    ax, ay = corners[other, edge]
                    bx, by = corners[other, (edge + 1) % 4]
                    is_inside &= (bx - ax) * (py - ay) - (by - ay) * (px - ax) < 0
                if is_inside:
                    is_free[building, k] = False
                    break


class Walls:
    """All walls of a street as arrays, to find the reflections that are open."""

    def __init__(self, walls: tuple[Wall, ...]) -> None:
        """Store the geometry."""
        self.walls = walls
        starts = np.array([wall.start_m for wall in walls], dtype=np.float64).reshape(-1, 2)
        ends = np.array([wall.end_m for wall in walls], dtype=np.float64).reshape(-1, 2)
        lengths = np.maximum(np.linalg.norm(ends - starts, axis=1), 1e-6)
        self._tangents = (ends - starts) / lengths[:, None]
        edges = np.array([wall.edge_m for wall in walls], dtype=np.float64)
        self._planes = np.ascontiguousarray(np.column_stack([starts, self._tangents, lengths, edges]))
        self._gains = np.array([wall.high_gain for wall in walls])
        self.images = _reflections(starts, self._tangents)
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
            self._path(
                int(chosen[indices[found, 0]]),
                int(chosen[indices[found, 1]]) if indices[found, 1] >= 0 else -1,
                gates[found],
                places[found],
            )
            for found in range(count)
        ]

    def _path(self, first: int, second: int, gate: FloatArray, places: FloatArray) -> ImagePath:
        wall = self.walls[first]
        if second < 0:
            return ImagePath(self.images[first], gate, wall.low_gain, wall.high_gain, places[:1])
        other = self.walls[second]
        image = compose(self.images[second], self.images[first])
        return ImagePath(image, gate, wall.low_gain * other.low_gain, wall.high_gain * other.high_gain, places)


@compiled('f8(f8[:, ::1], i8, f8, f8)')
def _height(planes: FloatArray, wall: int, x: float, y: float) -> float:
    """Return the distance of a point in front of a wall."""
    away: float = (y - planes[wall, 1]) * planes[wall, 2] - (x - planes[wall, 0]) * planes[wall, 3]
    return away


@compiled('f8(f8[:, ::1], i8, f8, f8)')
def _distance(planes: FloatArray, wall: int, x: float, y: float) -> float:
    """Return the horizontal distance of a point from a wall."""
    along = (x - planes[wall, 0]) * planes[wall, 2] + (y - planes[wall, 1]) * planes[wall, 3]
    beyond = max(-along, along - planes[wall, 4], 0.0)
    away = (y - planes[wall, 1]) * planes[wall, 2] - (x - planes[wall, 0]) * planes[wall, 3]
    distance: float = np.sqrt(beyond**2 + away**2)
    return distance


@compiled('f8(f8[:, ::1], i8, f8, f8, f8)')
def _opening(planes: FloatArray, wall: int, x: float, y: float, margin: float) -> float:
    """Return 1 for a point of the wall's plane on the wall, 0 beyond its ends, and a raised cosine at the ends."""
    along = (x - planes[wall, 0]) * planes[wall, 2] + (y - planes[wall, 1]) * planes[wall, 3]
    inside = (min(along, planes[wall, 4] - along) + margin) / planes[wall, 5]
    if inside >= 1:
        return 1.0
    return 0.0 if inside <= -1 else 0.5 + 0.5 * np.sin(np.pi / 2 * inside)


@compiled(
    'f8(f8[:, ::1], i8, i8, f8[::1], f8[::1], f8[::1], f8, f8, f8, f8, f8[:, ::1])'
)  # fmt: skip
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
        away = _height(planes, wall, ix, iy)
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
    here, there = _height(planes, last, receiver[0], receiver[1]), -_height(planes, last, ix, iy)
    if here <= 0 or there <= 0 or _height(planes, first, x, y) <= 0:
        return 0.0
    share = here / (here + there)
    px, py = receiver[0] + share * (ix - receiver[0]), receiver[1] + share * (iy - receiver[1])
    places[0, 0], places[0, 1] = px, py
    gate = _opening(planes, last, px, py, margin)
    if second < 0 or gate == 0:
        return gate
    # The image in the first wall alone, as the second wall receives it.
    away = _height(planes, first, x, y)
    fx, fy = x + 2 * away * planes[first, 3], y - 2 * away * planes[first, 2]
    here, there = _height(planes, first, px, py), away
    if here <= 0 or _height(planes, second, fx, fy) <= 0:
        return 0.0
    share = here / (here + there)
    qx, qy = px + share * (fx - px), py + share * (fy - py)
    places[1, 0], places[1, 1] = qx, qy
    return gate * _opening(planes, first, qx, qy, margin)


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
            is_facing[wall] |= _height(planes, wall, receiver[probe, 0], receiver[probe, 1]) > 0
            outward[wall] = min(outward[wall], _distance(planes, wall, source[probe, 0], source[probe, 1]))
            homeward[wall] = min(homeward[wall], _distance(planes, wall, receiver[probe, 0], receiver[probe, 1]))
    for first in range(walls):
        is_lit = False
        for probe in probes:
            # Between emission and reception the source has moved by less than the margin.
            is_lit |= _height(planes, first, source[probe, 0], source[probe, 1]) > -PROBE_MARGIN_M
        if not is_lit:
            continue
        for second in range(-1, walls):
            if second == first or not is_facing[first if second < 0 else second]:
                continue
            limit = reach * gains[first] if second < 0 else double_reach * gains[first] * gains[second]
            if outward[first] + homeward[first if second < 0 else second] > limit + PROBE_MARGIN_M:
                continue
            is_possible = False
            for probe in probes:
                if not is_possible:
                    is_possible = (
                        _gate(
                            planes,
                            first,
                            second,
                            source[probe],
                            velocity[probe],
                            receiver[probe],
                            up,
                            sound,
                            PROBE_MARGIN_M,
                            limit,
                            points,
                        )
                        > 0
                    )
            if not is_possible or count >= MAX_IMAGES:
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
