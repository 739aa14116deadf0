# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Diffraction around buildings and vehicles that stand between a source and the array."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.array_types import FloatArray
from audio_manifold_ros.simulation.compiled import compiled
from audio_manifold_ros.simulation.scene import Facade
from audio_manifold_ros.simulation.vehicle import Vehicle

# Representative frequencies below the split, from the split to 2.8 kHz, and above.
BAND_HZ = (250.0, 1200.0, 4500.0)
MAX_LOSS_DB = 25.0
# Objects are smaller by this, so that a point of reflection on their surface is outside.
SKIN_M = 0.1
# Knots of the motion of a street end at 60 s, and the motion after them is uniform. A vehicle that starts and stops
# between two of these instants moves less than 0.2 m.
PROBES_S = np.arange(0.0, 60.5, 0.5, dtype=np.float64)


@dataclass(frozen=True)
class Obstacles:
    """Upright boxes at some times.

    Attributes:
        poses: Centre x and y, cosine and sine of the heading (box, time, 4).
        sizes_m: Half length, half width and height (box, 3).

    """

    poses: FloatArray
    sizes_m: FloatArray


def buildings(facades: tuple[Facade, ...]) -> Obstacles:
    """Return buildings as boxes with one time."""
    rows = np.array([(*facade.start_m, *facade.end_m, facade.depth_m, facade.height_m) for facade in facades])
    rows = rows.reshape(-1, 6)
    across = rows[:, 2:4] - rows[:, 0:2]
    length = np.maximum(np.hypot(across[:, 0], across[:, 1]), 1e-6)
    along = across / length[:, None]
    inwards = np.stack([along[:, 1], -along[:, 0]], axis=1)
    centre = (rows[:, 0:2] + rows[:, 2:4]) / 2 + inwards * rows[:, 4:5] / 2
    poses = np.concatenate([centre, along], axis=1)[:, None, :]
    return Obstacles(poses, np.stack([length / 2, rows[:, 4] / 2, rows[:, 5]], axis=1))


def vehicle_boxes(vehicles: list[Vehicle], times_s: FloatArray) -> Obstacles:
    """Return vehicles as boxes at these times (time,)."""
    poses = np.empty((len(vehicles), len(times_s), 4))
    for pose, vehicle in zip(poses, vehicles, strict=True):
        pose[:, :2] = np.asarray(vehicle.trajectory.position(times_s))[:, :2]
        yaw = vehicle.trajectory.heading(times_s)
        pose[:, 2], pose[:, 3] = np.cos(yaw), np.sin(yaw)
    sizes = [(vehicle.length_m / 2, vehicle.width_m / 2, vehicle.height_m) for vehicle in vehicles]
    return Obstacles(poses, np.array(sizes).reshape(-1, 3))


def detours_m(obstacles: Obstacles, start_m: FloatArray, end_m: FloatArray, skipped: int = -1) -> FloatArray:
    """Return the largest detour (time,) around any obstacle on straight paths (time, 3), -1 where the path is free.

    The path around a box is over its roof or around one of its sides, whichever is shorter. Around a side it is at
    least the path by that corner on the side which is furthest out, which is exact for one edge.

    Args:
        obstacles: Boxes at one time or at all times.
        start_m: Start of each path.
        end_m: End of each path.
        skipped: Index of a box that does not count, such as the vehicle of the source.

    """
    detours = np.full(len(start_m), -1.0)
    if len(obstacles.sizes_m):
        start, end = np.ascontiguousarray(start_m), np.ascontiguousarray(end_m)
        _detours(np.ascontiguousarray(obstacles.poses), obstacles.sizes_m, start, end, skipped, detours)
    return detours


def diffraction_gains(detour_m: FloatArray, sound_mps: float) -> FloatArray:
    """Return the amplitudes (3, time) of the bands behind an obstacle (Maekawa 1968).

    The loss is 10 lg(3 + 20 N) with the Fresnel number N = 2 δ / λ, at most `MAX_LOSS_DB`. A free path has no loss.
    """
    gains = np.empty((len(BAND_HZ), len(detour_m)))
    for band, frequency_hz in enumerate(BAND_HZ):
        _gains(np.ascontiguousarray(detour_m, dtype=np.float64), frequency_hz, sound_mps, gains[band])
    return gains


def static_indices(vehicles: list[Vehicle]) -> NDArray[np.intp]:
    """Return the indices of the vehicles that stand still from time zero on."""
    still = [not np.any(vehicle.trajectory.velocity(PROBES_S)) for vehicle in vehicles]
    return np.flatnonzero(still)


@compiled('f8(f8, f8, f8)')
def diffraction_gain(detour: float, frequency_hz: float, sound: float) -> float:
    """Return the amplitude behind an obstacle, as in `diffraction_gains`."""
    if detour < 0:
        return 1.0
    loss_db = min(10 * math.log10(3 + 20 * (2 * detour * frequency_hz / sound)), MAX_LOSS_DB)
    return float(10 ** (-loss_db / 20))


@compiled('void(f8[::1], f8, f8, f8[::1])')
def _gains(detours: FloatArray, frequency_hz: float, sound: float, gains: FloatArray) -> None:
    for time in range(len(detours)):
        gains[time] = diffraction_gain(detours[time], frequency_hz, sound)


@compiled('f8(f8[:, :], f8[:, ::1], UniTuple(f8, 3), UniTuple(f8, 3), i8)')
def largest_detour(
    poses: FloatArray,
    sizes: FloatArray,
    start: tuple[float, float, float],
    end: tuple[float, float, float],
    skipped: int,
) -> float:
    """Return the largest detour on one path, as in `detours_m`, for poses (box, 4) and sizes (box, 3) of boxes."""
    sx, sy, start_z = start
    dx, dy, rise = end[0] - sx, end[1] - sy, end[2] - start_z
    across = np.sqrt(dx**2 + dy**2)
    detour = -1.0
    if across < 1e-6:
        return detour
    length = np.sqrt(across**2 + rise**2)
    for box in range(len(sizes)):
        if box == skipped:
            continue
        pose = poses[box]
        half, wide, high = sizes[box, 0] - SKIN_M, sizes[box, 1] - SKIN_M, sizes[box, 2]
        # Distance of the centre from the line.
        off = ((pose[0] - sx) * dy - (pose[1] - sy) * dx) / across
        if off**2 > half**2 + wide**2:
            continue
        # The path in the axes of the box.
        px, py = sx - pose[0], sy - pose[1]
        ax, ay = px * pose[2] + py * pose[3], py * pose[2] - px * pose[3]
        bx, by = dx * pose[2] + dy * pose[3], dy * pose[2] - dx * pose[3]
        first, last = 0.0, 1.0
        for axis in range(2):
            a, b, limit = (ax, bx, half) if axis == 0 else (ay, by, wide)
            if abs(b) < 1e-9:
                if abs(a) > limit:
                    last = -1.0
            else:
                one, two = (-limit - a) / b, (limit - a) / b
                first, last = max(first, min(one, two)), min(last, max(one, two))
        if first >= last:
            continue
        h_in, h_out = start_z + first * rise, start_z + last * rise
        if min(h_in, h_out) >= high:
            continue
        up_in, up_out = max(high, h_in), max(high, h_out)
        over = np.sqrt((first * across) ** 2 + (up_in - start_z) ** 2)
        over += np.sqrt(((last - first) * across) ** 2 + (up_out - up_in) ** 2)
        over += np.sqrt(((1 - last) * across) ** 2 + (end[2] - up_out) ** 2)
        left = right = 0.0
        for corner in range(4):
            lx = half if corner < 2 else -half
            ly = wide if corner % 2 == 0 else -wide
            cx, cy = lx - ax, ly - ay
            around = np.sqrt(cx**2 + cy**2) + np.sqrt((cx - bx) ** 2 + (cy - by) ** 2)
            if bx * cy - by * cx > 0:
                left = max(left, around)
            else:
                right = max(right, around)
        side = np.sqrt(min(left, right) ** 2 + rise**2)
        detour = max(detour, min(over, side) - length, 0.0)
    return detour


@compiled('void(f8[:, :, ::1], f8[:, ::1], f8[:, ::1], f8[:, ::1], i8, f8[::1])')
def _detours(
    poses: FloatArray, sizes: FloatArray, start: FloatArray, end: FloatArray, skipped: int, detours: FloatArray
) -> None:
    for time in range(len(start)):
        at = min(time, poses.shape[1] - 1)
        detours[time] = largest_detour(
            poses[:, at], sizes, (start[time, 0], start[time, 1], start[time, 2]),
            (end[time, 0], end[time, 1], end[time, 2]), skipped,
        )  # fmt: skip
