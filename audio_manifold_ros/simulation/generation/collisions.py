# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Removal of objects that collide with an object that stays."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.array_types import FloatArray
from audio_manifold_ros.simulation.motion_table import MotionTable
from audio_manifold_ros.simulation.trajectory import Trajectory

STEP_S = 0.5
CLEARANCE_M = 0.2


def collision_free(trajectories: list[Trajectory], sizes_m: FloatArray, duration_s: float) -> NDArray[np.bool_]:
    """Return which objects to keep (object,).

    An object is kept if it never comes closer than `CLEARANCE_M` to a kept object before it. The first one is kept.

    Args:
        trajectories: Motion of the objects, the most important first.
        sizes_m: Length and width (object, 2).
        duration_s: Duration of the street.

    """
    motions = MotionTable(trajectories)
    touching = np.zeros((len(trajectories), len(trajectories)), dtype=bool)
    for time_s in np.arange(-STEP_S, duration_s + STEP_S, STEP_S):
        at = motions.poses(float(time_s))
        touching |= _overlap(at, sizes_m / 2 + CLEARANCE_M / 2)
    kept = np.ones(len(trajectories), dtype=bool)
    for index in range(1, len(trajectories)):
        kept[index] = not np.any(touching[index, :index] & kept[:index])
    return kept


def _overlap(poses: FloatArray, halves_m: FloatArray) -> NDArray[np.bool_]:
    """Return which objects overlap which objects before them (object, object), by separating axes."""
    overlap = np.zeros((len(poses), len(poses)), dtype=bool)
    reach = np.hypot(halves_m[:, 0], halves_m[:, 1])
    offsets = poses[None, :, :2] - poses[:, None, :2]
    close = offsets[..., 0] ** 2 + offsets[..., 1] ** 2 < (reach[:, None] + reach) ** 2
    for index, other in np.argwhere(np.tril(close, -1)).tolist():
        overlap[index, other] = _rectangles_touch(
            offsets[index, other], (poses[index, 2], poses[other, 2]), (halves_m[index], halves_m[other])
        )
    return overlap


def _rectangles_touch(offset: FloatArray, headings: tuple[float, float], halves: tuple[FloatArray, FloatArray]) -> bool:
    """Return whether two rectangles overlap, for the offset of their centres."""
    turn = headings[1] - headings[0]
    cos, sin = abs(math.cos(turn)), abs(math.sin(turn))
    for heading, (length, width), (other_length, other_width) in (
        (headings[0], halves[0], halves[1]),
        (headings[1], halves[1], halves[0]),
    ):
        ahead = offset[0] * math.cos(heading) + offset[1] * math.sin(heading)
        left = offset[1] * math.cos(heading) - offset[0] * math.sin(heading)
        if abs(ahead) > length + cos * other_length + sin * other_width:
            return False
        if abs(left) > width + sin * other_length + cos * other_width:
            return False
    return True
