# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Random pedestrians on the pavements, with their footsteps and voices."""

from __future__ import annotations

import math

import numpy as np

from audio_manifold_ros.simulation.generation import statistics
from audio_manifold_ros.simulation.generation.car_following import LEAD_S, STEP_S
from audio_manifold_ros.simulation.generation.layout import Layout
from audio_manifold_ros.simulation.generation.world_motion import grid_trajectory
from audio_manifold_ros.simulation.scene import Pedestrian
from audio_manifold_ros.simulation.sound_source import EmissionKind, SoundSource
from audio_manifold_ros.simulation.trajectory import StraightTrajectory, Trajectory

# Distances of walkers from the kerb, where trees and poles are, and from the walls.
FROM_KERB_M, FROM_WALL_M = 1.1, 0.45


def pedestrians(
    rng: np.random.Generator, layout: Layout, side: int, duration_s: float
) -> list[tuple[Pedestrian, list[SoundSource]]]:
    """Sample the pedestrians of the pavement of a side, each with their sounds."""
    first_m, last_m = layout.range_m
    per_100_m = statistics.sample_log_uniform(rng, statistics.PEDESTRIANS_PER_100_M)
    inner_m, outer_m = layout.kerb_m(side) + FROM_KERB_M, layout.end_m(side) - FROM_WALL_M
    found = []
    for _ in range(rng.poisson(per_100_m * (last_m - first_m) / 100)):
        station = rng.uniform(first_m, last_m)
        offset_m = side * rng.uniform(inner_m, max(outer_m, inner_m + 0.1))
        is_standing = rng.random() < statistics.STANDING_SHARE
        speed_mps = 0.0 if is_standing else float(np.clip(rng.normal(*statistics.WALKING_MPS), 0.6, 2.0))
        motion = _walk(rng, layout, (station, offset_m), speed_mps * float(rng.choice((-1.0, 1.0))), duration_s)
        person = Pedestrian(
            motion, float(rng.normal(*statistics.PERSON_HEIGHT_M)), rng.uniform(*statistics.PERSON_WIDTH_M)
        )
        found.append((person, _sounds(rng, motion, duration_s, is_walking=not is_standing)))
    return found


def _walk(
    rng: np.random.Generator, layout: Layout, place: tuple[float, float], speed_mps: float, duration_s: float
) -> Trajectory:
    station, offset_m = place
    if speed_mps == 0.0:
        (x, y), _ = layout.axis.to_world(np.array(station), offset_m)
        return StraightTrajectory((float(x), float(y), 0.0), heading_rad=float(rng.uniform(-math.pi, math.pi)))
    times = np.arange(round((duration_s + 2 * LEAD_S) / STEP_S) + 1) * STEP_S - LEAD_S
    position, heading = layout.axis.to_world(station + speed_mps * times, offset_m)
    velocity = np.gradient(position, STEP_S, axis=0)
    facing = heading if speed_mps > 0 else heading + math.pi
    return grid_trajectory(position, velocity, np.gradient(velocity, STEP_S, axis=0), facing)


def _sounds(rng: np.random.Generator, motion: Trajectory, duration_s: float, *, is_walking: bool) -> list[SoundSource]:
    sounds = []
    if is_walking:
        sounds.append(SoundSource(EmissionKind.FOOTSTEPS, motion, level_offset_db=float(rng.normal(0, 4))))
    if rng.random() < statistics.TALKING_SHARE:
        start_s = rng.uniform(-statistics.TALK_S[1], duration_s)
        end_s = start_s + rng.uniform(*statistics.TALK_S)
        sounds.append(
            SoundSource(
                EmissionKind.VOICE, motion, level_offset_db=float(rng.normal(0, 4)), start_s=start_s, end_s=end_s
            )
        )
    return sounds
