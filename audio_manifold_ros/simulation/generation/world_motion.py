# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Trajectories in the world from motion along the road or along a path."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.array_types import FloatArray
from audio_manifold_ros.simulation.generation.car_following import LEAD_S, STEP_S, WARM_UP_S
from audio_manifold_ros.simulation.generation.lane_traffic import LaneTraffic
from audio_manifold_ros.simulation.grid_trajectory import GridTrajectory
from audio_manifold_ros.simulation.road_axis import RoadAxis, unit_axes

FIRST_KNOT = round(WARM_UP_S / STEP_S)


@dataclass(frozen=True)
class Path:
    """Polyline with a smooth heading.

    Attributes:
        points_m: Points (point, 2), close together.

    """

    points_m: FloatArray

    def trajectory(
        self, places_m: FloatArray, speeds_mps: FloatArray, accelerations_mps2: FloatArray
    ) -> GridTrajectory:
        """Return the motion of an object at places (step,) along the path, warm-up included."""
        steps = np.diff(self.points_m, axis=0)
        lengths = np.concatenate([[0.0], np.cumsum(np.linalg.norm(steps, axis=1))])
        headings = np.unwrap(np.arctan2(steps[:, 1], steps[:, 0]))
        middles = (lengths[1:] + lengths[:-1]) / 2
        places, speeds, changes = (one[FIRST_KNOT:] for one in (places_m, speeds_mps, accelerations_mps2))
        position = np.stack([np.interp(places, lengths, self.points_m[:, axis]) for axis in (0, 1)], axis=1)
        heading = np.interp(places, middles, headings)
        turn = np.gradient(heading, STEP_S) if len(heading) > 1 else np.zeros(1)
        ahead, left = unit_axes(heading)
        velocity = speeds[:, None] * ahead
        return grid_trajectory(position, velocity, changes[:, None] * ahead + (speeds * turn)[:, None] * left, heading)


def lane_trajectories(axis: RoadAxis, traffic: LaneTraffic, chosen: NDArray[np.intp]) -> list[GridTrajectory]:
    """Return the trajectories of the chosen vehicles (vehicle,) of a lane."""
    stations = traffic.stations_m[FIRST_KNOT:, chosen]
    offsets = traffic.offsets_m[None, chosen]
    position, heading = axis.to_world(stations, offsets)
    curvature = np.array(axis.curvatures_per_m)[np.searchsorted(np.array(axis.stations_m), stations, side='right')]
    stretch = 1 - curvature * offsets
    ahead, left = unit_axes(heading)
    rate = traffic.direction * traffic.speeds_mps[FIRST_KNOT:, chosen]
    change = traffic.direction * traffic.accelerations_mps2[FIRST_KNOT:, chosen]
    velocity = (rate * stretch)[..., None] * ahead
    acceleration = (change * stretch)[..., None] * ahead + (rate**2 * curvature * stretch)[..., None] * left
    if traffic.direction < 0:
        heading = heading + np.pi
    return [
        grid_trajectory(position[:, k], velocity[:, k], acceleration[:, k], heading[:, k])
        for k in range(stations.shape[1])
    ]


def grid_trajectory(
    position_m: FloatArray, velocity_mps: FloatArray, acceleration_mps2: FloatArray, heading_rad: FloatArray
) -> GridTrajectory:
    """Return a trajectory on the knots of the simulation from vectors (knot, 2) in the plane."""
    vectors = np.zeros((3, len(position_m), 3))
    vectors[0, :, :2], vectors[1, :, :2], vectors[2, :, :2] = position_m, velocity_mps, acceleration_mps2
    return GridTrajectory(vectors[0], vectors[1], vectors[2], heading_rad, -LEAD_S, STEP_S)
