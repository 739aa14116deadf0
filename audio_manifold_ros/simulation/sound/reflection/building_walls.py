# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Reflecting walls of the buildings of a street, and the geometry of points and walls.

Loops that numba compiles take walls as planes (wall, 6): x and y of the start and of the direction, length, and half of
the width in which the reflection fades at the ends.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.array_types import FloatArray
from audio_manifold_ros.simulation.compiled import compiled
from audio_manifold_ros.simulation.scene import Facade

FACADE_EDGE_M = 0.4
# A wall with another building this close in front of it reflects nothing.
COVERED_M = 1.0
MIN_WALL_M = 1e-3


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


def reflection(wall: Wall) -> FloatArray:
    """Return the reflection and shift (2, 3) in the plane of a wall."""
    start, end = np.array(wall.start_m), np.array(wall.end_m)
    return np.asarray(reflections_in(start[None], (end - start)[None] / np.linalg.norm(end - start))[0])


def reflections_in(starts_m: FloatArray, tangents: FloatArray) -> FloatArray:
    """Return the reflections and shifts (wall, 2, 3) in walls through points (wall, 2) along unit vectors (wall, 2)."""
    normals = np.stack([-tangents[:, 1], tangents[:, 0]], axis=1)
    shifts = 2 * np.sum(starts_m * normals, axis=1, keepdims=True) * normals
    reflected = np.eye(2) - 2 * normals[:, :, None] * normals[:, None, :]
    return np.concatenate([reflected, shifts[:, :, None]], axis=2)


def compose(second: FloatArray, first: FloatArray) -> FloatArray:
    """Return the image (2, 3) of a reflection `first` in another one."""
    return np.column_stack([second[:, :2] @ first[:, :2], second[:, :2] @ first[:, 2] + second[:, 2]])


@compiled('f8(f8[:, ::1], i8, f8, f8)')
def distance_before(planes: FloatArray, wall: int, x: float, y: float) -> float:
    """Return the distance of a point in front of a wall."""
    away: float = (y - planes[wall, 1]) * planes[wall, 2] - (x - planes[wall, 0]) * planes[wall, 3]
    return away


@compiled('f8(f8[:, ::1], i8, f8, f8)')
def place_along(planes: FloatArray, wall: int, x: float, y: float) -> float:
    """Return the distance of a point from the start of a wall, along the wall."""
    along: float = (x - planes[wall, 0]) * planes[wall, 2] + (y - planes[wall, 1]) * planes[wall, 3]
    return along


@compiled('f8(f8[:, ::1], i8, f8, f8)')
def distance_from(planes: FloatArray, wall: int, x: float, y: float) -> float:
    """Return the horizontal distance of a point from a wall."""
    along = place_along(planes, wall, x, y)
    beyond = max(-along, along - planes[wall, 4], 0.0)
    away = distance_before(planes, wall, x, y)
    distance: float = np.sqrt(beyond**2 + away**2)
    return distance


@compiled('f8(f8[:, ::1], i8, f8, f8, f8)')
def opening(planes: FloatArray, wall: int, x: float, y: float, margin: float) -> float:
    """Return 1 for a point of the wall's plane on the wall, 0 beyond its ends, and a raised cosine at the ends."""
    along = place_along(planes, wall, x, y)
    inside = (min(along, planes[wall, 4] - along) + margin) / planes[wall, 5]
    if inside >= 1:
        return 1.0
    return 0.0 if inside <= -1 else 0.5 + 0.5 * np.sin(np.pi / 2 * inside)
