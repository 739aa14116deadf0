# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Centre line of a road: straight lines and arcs, and the transform from road coordinates to the world."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.array_types import FloatArray
from audio_manifold_ros.simulation.compiled import compiled


@dataclass(frozen=True)
class RoadAxis:
    """Centre line of constant curvature from one station to the next. A station is a length along the road.

    Station 0 is the origin of the world, where the road has the direction of x. The first and the last piece extend
    without end.

    Attributes:
        stations_m: Stations at which the curvature changes, in increasing order.
        curvatures_per_m: Curvature of each piece, positive to the left. There is one more piece than stations.

    """

    stations_m: tuple[float, ...] = ()
    curvatures_per_m: tuple[float, ...] = (0.0,)

    @property
    def is_straight(self) -> bool:
        """True for a road without bends."""
        return self.curvatures_per_m == (0.0,)

    @cached_property
    def pieces(self) -> FloatArray:
        """Pieces (piece, 7): first and last station, x, y and heading at the anchor, curvature, station of the anchor.

        The anchor of a piece is the end that is closer to station 0.
        """
        edges = np.concatenate([[-1e6], self.stations_m, [1e6]])
        first = int(np.searchsorted(np.array(self.stations_m), 0.0, side='right'))
        rows = np.zeros((len(self.curvatures_per_m), 7))
        rows[:, 0], rows[:, 1], rows[:, 5] = edges[:-1], edges[1:], self.curvatures_per_m
        for piece in range(first + 1, len(rows)):
            rows[piece, 6] = edges[piece]
            rows[piece, 2:5] = _along(rows[piece - 1], edges[piece])
        for piece in range(first - 1, -1, -1):
            rows[piece, 6] = edges[piece + 1]
            rows[piece, 2:5] = _along(rows[piece + 1], edges[piece + 1])
        return rows

    def to_world(
        self, station_m: NDArray[np.floating[Any]], offset_m: NDArray[np.floating[Any]] | float = 0.0
    ) -> tuple[FloatArray, FloatArray]:
        """Return positions (…, 2) and headings (…) at stations (…) and offsets (…) to the left of the centre line."""
        station = np.asarray(station_m, dtype=np.float64)
        position, heading = np.empty((*station.shape, 2)), np.zeros(station.shape)
        if self.is_straight:
            position[..., 0], position[..., 1] = station, offset_m
            return position, heading
        offsets = np.empty(station.shape)
        offsets[...] = offset_m
        _to_world(self.pieces, station.reshape(-1), offsets.reshape(-1), position.reshape(-1, 2), heading.reshape(-1))
        return position, heading

    def axes_at(self, station_m: float) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return the position (2,) of a station, and unit vectors (2,) along the road and to the left."""
        centre, heading = self.to_world(np.array(station_m))
        return (centre, *unit_axes(heading))


def unit_axes(heading_rad: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return unit vectors (…, 2) in the direction of headings (…), and to their left."""
    cos, sin = np.cos(heading_rad), np.sin(heading_rad)
    return np.stack([cos, sin], axis=-1), np.stack([-sin, cos], axis=-1)


STRAIGHT = RoadAxis()


@compiled('UniTuple(f8, 3)(f8[:], f8)')
def _along(piece: FloatArray, station: float) -> tuple[float, float, float]:
    """Return x, y and heading at a station of a piece (7,)."""
    length = station - piece[6]
    turn = piece[5] * length
    # The chord of an arc has the mean of the headings at its ends.
    chord = length * math.sin(turn / 2) / (turn / 2) if turn else length
    middle = piece[4] + turn / 2
    return piece[2] + chord * math.cos(middle), piece[3] + chord * math.sin(middle), piece[4] + turn


@compiled('void(f8[:, ::1], f8[:], f8[::1], f8[:, ::1], f8[::1])')
def _to_world(
    pieces: FloatArray, stations: FloatArray, offsets: FloatArray, positions: FloatArray, headings: FloatArray
) -> None:
    for row in range(len(stations)):
        piece = 0
        while piece < len(pieces) - 1 and stations[row] >= pieces[piece, 1]:
            piece += 1
        x, y, heading = _along(pieces[piece], stations[row])
        positions[row, 0] = x - offsets[row] * math.sin(heading)
        positions[row, 1] = y + offsets[row] * math.cos(heading)
        headings[row] = heading
