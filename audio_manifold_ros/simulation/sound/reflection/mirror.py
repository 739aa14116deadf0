# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Plane mirrors for the noise of the vehicle that carries the array: walls, and sides of other vehicles."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.array_types import FloatArray
from audio_manifold_ros.simulation.compiled import compiled
from audio_manifold_ros.simulation.motion_table import MotionTable
from audio_manifold_ros.simulation.sound import propagation
from audio_manifold_ros.simulation.sound.microphones import HIGH_OMNI
from audio_manifold_ros.simulation.sound.receivers import Receivers
from audio_manifold_ros.simulation.sound.reflection.building_walls import Wall
from audio_manifold_ros.simulation.sound.spectra import AIR_DB_PER_M
from audio_manifold_ros.simulation.vehicle import Vehicle

# Mirrors are selected for this time, with a margin for the motion between two points of time.
CHUNK_S = 1.0
CHUNK_POINTS = 5
LONG_CHUNKS = 8
CHUNK_MARGIN_M = 5.0
VEHICLE_LOW_GAIN = 0.3
VEHICLE_HIGH_GAIN = 0.6
VEHICLE_EDGE_M = 0.5
# Tyres stand on the ground. Their mirror image in it adds coherently on the long way to a façade, where its detour is
# below 2 cm, and in power on the way around the body to the roof.
GROUND_ECHO_GAIN = 1 + propagation.GROUND_REFLECTION
# Attenuation of the tyres on the other side on the way out.
UNDERBODY_DB = (-2.0, -9.0)
UNDERBODY_GAINS = tuple(10 ** (level_db / 20) for level_db in UNDERBODY_DB)
ECHO_FADE_M = (50.0, 70.0)
# A part this much beyond the middle of the vehicle, seen from a wall, is on the other side.
HIDDEN_FROM_M = 0.2


class Mirrors:
    """Vertical reflecting strips: walls, then the left and the right side of each vehicle.

    Attributes:
        traits: Length, half of the width in which the reflection fades at the ends, and amplitudes of the reflection
            below and above the split (mirror, 4).

    """

    def __init__(self, walls: tuple[Wall, ...], vehicles: tuple[Vehicle, ...]) -> None:
        """Store the geometry."""
        starts = np.array([wall.start_m for wall in walls], dtype=np.float64).reshape(-1, 2)
        across = np.array([wall.end_m for wall in walls], dtype=np.float64).reshape(-1, 2) - starts
        lengths = np.hypot(across[:, 0], across[:, 1])
        self._walls = np.concatenate([starts, across / lengths[:, None]], axis=1)
        rows = [(wall.edge_m, wall.low_gain, wall.high_gain) for wall in walls]
        side = (VEHICLE_EDGE_M, VEHICLE_LOW_GAIN, VEHICLE_HIGH_GAIN)
        sides = [(one.length_m, *side) for one in vehicles for _ in (1, -1)]
        self.traits = np.concatenate(
            [
                np.column_stack([lengths, np.array(rows, dtype=np.float64).reshape(-1, 3)]),
                np.array(sides, dtype=np.float64).reshape(-1, 4),
            ]
        )
        self._half_widths_m = np.array([vehicle.width_m / 2 for vehicle in vehicles])
        self._motions = MotionTable([vehicle.trajectory for vehicle in vehicles])

    def near(self, times_s: FloatArray, places_m: FloatArray, reach_m: float) -> NDArray[np.intp]:
        """Return the mirrors with a part within reach of places (time, 2) at these times (time,)."""
        middles = self._walls[:, None, :2] + self._walls[:, None, 2:] * (self.traits[: len(self._walls), None, :1] / 2)
        centres = self._motions.at(times_s).positions_m[:, :, :2]
        reaches = reach_m + self.traits[: len(self._walls), 0] / 2
        is_near = _nearest(middles - places_m) < reaches
        are_near = np.repeat(_nearest(centres - places_m) < reach_m, 2)
        return np.flatnonzero(np.concatenate([is_near, are_near]))

    def planes(self, times_s: FloatArray, chosen: NDArray[np.intp]) -> tuple[FloatArray, FloatArray]:
        """Return starts and directions (mirror, time, 2) of the chosen mirrors. Their left sides reflect."""
        walls = len(self._walls)
        vehicles, rows = np.unique((chosen[chosen >= walls] - walls) // 2, return_inverse=True)
        motions = self._motions.at(times_s, vehicles)
        starts, along = np.empty((2, len(chosen), len(times_s), 2))
        _planes(
            self._walls, self.traits, self._half_widths_m[vehicles], chosen, rows, motions.positions_m,
            motions.headings_rad, starts, along,
        )  # fmt: skip
        return starts, along


class NearbyMirrors:
    """Mirrors next to the vehicle that carries the array, selected once for each second."""

    def __init__(self, mirrors: Mirrors, receivers: Receivers, reach_m: float) -> None:
        """Store the geometry. `reach_m` is the greatest distance of a mirror from the array."""
        self._mirrors, self._receivers, self._reach_m = mirrors, receivers, reach_m + CHUNK_MARGIN_M
        self._chunks: dict[int, list[int]] = {}
        self._long_chunks: dict[int, NDArray[np.intp]] = {}

    def at(self, times_s: FloatArray) -> NDArray[np.intp]:
        """Return the mirrors that may be next to the vehicle at any of these times."""
        found: set[int] = set()
        for chunk in range(int(np.floor(times_s[0] / CHUNK_S)), int(np.floor(times_s[-1] / CHUNK_S)) + 1):
            if chunk not in self._chunks:
                times = np.linspace(chunk, chunk + 1, CHUNK_POINTS, dtype=np.float64) * CHUNK_S
                near = self._within_reach(chunk)
                starts, along = self._mirrors.planes(times, near)
                centre = self._receivers.at(times).centre_m[:, :2]
                is_alongside = _are_alongside(starts, along, self._mirrors.traits[near, 0], centre, self._reach_m)
                self._chunks[chunk] = near[is_alongside].tolist()
            found.update(self._chunks[chunk])
        return np.array(sorted(found), dtype=np.intp)

    def _within_reach(self, chunk: int) -> NDArray[np.intp]:
        """Return the mirrors that come near in the eight chunks around this one."""
        block = chunk // LONG_CHUNKS
        if block not in self._long_chunks:
            count = LONG_CHUNKS * (CHUNK_POINTS - 1) + 1
            times = np.linspace(block * LONG_CHUNKS, (block + 1) * LONG_CHUNKS, count, dtype=np.float64) * CHUNK_S
            centre = self._receivers.at(times).centre_m[:, :2]
            self._long_chunks[block] = self._mirrors.near(times, centre, self._reach_m)
        return self._long_chunks[block]


def _nearest(offsets_m: FloatArray) -> FloatArray:
    """Return the shortest of offsets (mirror, time, 2)."""
    return np.asarray(np.sqrt(np.min(offsets_m[..., 0] ** 2 + offsets_m[..., 1] ** 2, axis=1)))


@compiled(
    'void(f8[:, ::1], f8[:, ::1], f8[::1], i8[::1], i8[::1], f8[:, :, ::1], f8[:, ::1], f8[:, :, ::1], f8[:, :, ::1])'
)
def _planes(
    walls: FloatArray,
    traits: FloatArray,
    half_widths: FloatArray,
    chosen: NDArray[np.int64],
    rows: NDArray[np.int64],
    positions: FloatArray,
    headings: FloatArray,
    starts: FloatArray,
    along: FloatArray,
) -> None:
    moving = 0
    for index in range(len(chosen)):
        mirror = chosen[index]
        if mirror < len(walls):
            starts[index], along[index] = walls[mirror, :2], walls[mirror, 2:]
            continue
        row, side = rows[moving], 1.0 - 2.0 * ((mirror - len(walls)) % 2)
        moving += 1
        for time in range(positions.shape[1]):
            # The left side is described from the tail to the nose: the outside is on the left of the direction.
            x, y = np.cos(headings[row, time]) * side, np.sin(headings[row, time]) * side
            half = traits[mirror, 0] / 2
            starts[index, time, 0] = positions[row, time, 0] - y * half_widths[row] - x * half
            starts[index, time, 1] = positions[row, time, 1] + x * half_widths[row] - y * half
            along[index, time, 0], along[index, time, 1] = x, y


def _are_alongside(
    starts_m: FloatArray, along: FloatArray, lengths_m: FloatArray, places_m: FloatArray, reach_m: float
) -> NDArray[np.bool_]:
    """Return whether places (time, 2) may be in front of mirrors, between their ends, at or between the times.

    Args:
        starts_m: Starts of the mirrors (mirror, time, 2).
        along: Directions of the mirrors (mirror, time, 2).
        lengths_m: Lengths of the mirrors (mirror,).
        places_m: Places.
        reach_m: Greatest distance from a mirror.

    """
    relative = places_m - starts_m
    reached = np.sum(relative * along, axis=2)
    away = relative[..., 1] * along[..., 0] - relative[..., 0] * along[..., 1]
    is_alongside = (reached > -CHUNK_MARGIN_M) & (reached < lengths_m[:, None] + CHUNK_MARGIN_M)
    return np.asarray(np.any(is_alongside & (away > -CHUNK_MARGIN_M) & (away < reach_m), axis=1))


@compiled(
    'b1[::1](f8[:, :, ::1], f8[:, :, ::1], f8[:, ::1], f8[:, ::1], f8[:, :, ::1], f8[:, :, ::1], f8[:, :, ::1],'
    'f8[:, ::1], f8, f8[:, :, :, :, ::1])'
)
def reflect_parts(
    starts: FloatArray,
    along: FloatArray,
    traits: FloatArray,
    base: FloatArray,
    receivers: FloatArray,
    facings: FloatArray,
    parts: FloatArray,
    velocity: FloatArray,
    sound: float,
    paths: FloatArray,
) -> NDArray[np.bool_]:
    """Write delay and gains of the echo of each part of the vehicle in each mirror. Return which mirrors reflect.

    Args:
        starts: Starts of the mirrors (mirror, time, 2).
        along: Directions of the mirrors (mirror, time, 2).
        traits: As in `Mirrors` (mirror, 4).
        base: Positions of base_link (time, 3).
        receivers: Positions of the centre of the array and of its microphones (1 + mic, time, 3).
        facings: Facings of the microphones (mic, time, 3).
        parts: Positions of the parts (part, time, 3).
        velocity: Velocities of the vehicle (time, 3).
        sound: Speed of sound.
        paths: Delays in seconds, and gains below and above the split (mirror, 3, part, mic, time).

    """
    mirrors, times, mics = len(starts), starts.shape[1], len(facings)
    is_open = np.zeros(mirrors, dtype=np.bool_)
    gates = np.empty(times)
    for mirror in range(mirrors):
        nearest = np.inf
        for time in range(times):
            x, y = receivers[0, time, 0] - starts[mirror, time, 0], receivers[0, time, 1] - starts[mirror, time, 1]
            tx, ty = along[mirror, time, 0], along[mirror, time, 1]
            away, reached = y * tx - x * ty, x * tx + y * ty
            inside = min(reached, traits[mirror, 0] - reached) / traits[mirror, 1]
            gates[time] = 0.5 + 0.5 * np.sin(np.pi / 2 * min(max(inside, -1.0), 1.0)) if away > 0 else 0.0
            nearest = min(nearest, away)
            is_open[mirror] |= gates[time] != 0
        is_open[mirror] &= nearest <= ECHO_FADE_M[1] / 2
        if not is_open[mirror]:
            continue
        for part in range(len(parts)):
            for time in range(times):
                tx, ty = along[mirror, time, 0], along[mirror, time, 1]
                sx, sy = starts[mirror, time, 0], starts[mirror, time, 1]
                depth = (parts[part, time, 1] - sy) * tx - (parts[part, time, 0] - sx) * ty
                # A part on the other side of the vehicle is shielded by the underbody.
                is_hidden = depth > (base[time, 1] - sy) * tx - (base[time, 0] - sx) * ty + HIDDEN_FROM_M
                approach = velocity[time, 1] * tx - velocity[time, 0] * ty
                vx, vy = velocity[time, 0] + 2 * approach * ty, velocity[time, 1] - 2 * approach * tx
                vz = velocity[time, 2]
                ix, iy = parts[part, time, 0] + 2 * depth * ty, parts[part, time, 1] - 2 * depth * tx
                excess = sound**2 - (vx**2 + vy**2 + vz**2)
                for mic in range(mics):
                    x, y = ix - receivers[1 + mic, time, 0], iy - receivers[1 + mic, time, 1]
                    z = parts[part, time, 2] - receivers[1 + mic, time, 2]
                    back = x * vx + y * vy + z * vz
                    delay = (np.sqrt(back**2 + excess * (x**2 + y**2 + z**2)) - back) / excess
                    distance = delay * sound
                    facing = (x - vx * delay) * facings[mic, time, 0] + (y - vy * delay) * facings[mic, time, 1]
                    facing += (z - vz * delay) * facings[mic, time, 2]
                    facing = HIGH_OMNI + (1 - HIGH_OMNI) * facing / distance
                    faded = min(max((distance - ECHO_FADE_M[0]) / (ECHO_FADE_M[1] - ECHO_FADE_M[0]), 0.0), 1.0)
                    level = gates[time] * (0.5 + 0.5 * np.cos(np.pi * faded)) * GROUND_ECHO_GAIN / distance
                    air = 10 ** (-AIR_DB_PER_M[0] * distance / 20)
                    low, high = (UNDERBODY_GAINS[0], UNDERBODY_GAINS[1]) if is_hidden else (1.0, 1.0)
                    paths[mirror, 0, part, mic, time] = delay
                    paths[mirror, 1, part, mic, time] = level * low * traits[mirror, 2]
                    paths[mirror, 2, part, mic, time] = level * high * air * facing * traits[mirror, 3]
    return is_open
