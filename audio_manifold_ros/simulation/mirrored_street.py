# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Mirror image of a street: traffic on the other side of the road."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from audio_manifold_ros.simulation.grid_trajectory import GridTrajectory
from audio_manifold_ros.simulation.scene import Street
from audio_manifold_ros.simulation.trajectory import StraightTrajectory, Trajectory

_FLIP = np.array([1.0, -1.0, 1.0])


def mirrored_street(street: Street) -> Street:
    """Return the street with left and right exchanged. Two mirrors give the original."""
    # Sound sources and their objects share trajectories.
    done: dict[int, Trajectory] = {}

    def mirrored(motion: Trajectory) -> Trajectory:
        return done.setdefault(id(motion), _mirrored_trajectory(motion))

    ego = street.ego
    return replace(
        street,
        road_left_m=-street.road_right_m,
        road_right_m=-street.road_left_m,
        pavement_left_m=-street.pavement_right_m,
        pavement_right_m=-street.pavement_left_m,
        # The building stays to the right of the direction from start to end.
        facades=tuple(replace(one, start_m=_flip(one.end_m), end_m=_flip(one.start_m)) for one in street.facades),
        trees=tuple(replace(one, y_m=-one.y_m) for one in street.trees),
        fences=tuple(replace(one, start_m=_flip(one.start_m), end_m=_flip(one.end_m)) for one in street.fences),
        poles=tuple(
            replace(one, position_m=_flip(one.position_m), heading_rad=-one.heading_rad) for one in street.poles
        ),
        vehicles=tuple(replace(one, trajectory=mirrored(one.trajectory)) for one in street.vehicles),
        pedestrians=tuple(replace(one, trajectory=mirrored(one.trajectory)) for one in street.pedestrians),
        sounds=tuple(
            replace(
                one,
                trajectory=mirrored(one.trajectory),
                carrier=None if one.carrier is None else mirrored(one.carrier),
            )
            for one in street.sounds
        ),
        ego=replace(ego, trajectory=mirrored(ego.trajectory), yaw_rad=-ego.yaw_rad),
        weather=replace(street.weather, wind_azimuth_rad=-street.weather.wind_azimuth_rad),
        axis=replace(street.axis, curvatures_per_m=tuple(-value for value in street.axis.curvatures_per_m)),
        junctions=tuple(replace(one, arms=tuple(-side for side in one.arms)) for one in street.junctions),
        driving_side=-street.driving_side,
    )


def _flip(point_m: tuple[float, float]) -> tuple[float, float]:
    return point_m[0], -point_m[1]


def _mirrored_trajectory(motion: Trajectory) -> Trajectory:
    if isinstance(motion, GridTrajectory):
        return replace(
            motion,
            positions_m=motion.positions_m * _FLIP,
            velocities_mps=motion.velocities_mps * _FLIP,
            accelerations_mps2=motion.accelerations_mps2 * _FLIP,
            headings_rad=-motion.headings_rad,
        )
    if isinstance(motion, StraightTrajectory):
        (x, y, z), (ahead, left, up) = motion.origin_m, motion.velocity_mps
        heading_rad = None if motion.heading_rad is None else -motion.heading_rad
        return StraightTrajectory((x, -y, z), (ahead, -left, up), heading_rad)
    msg = f'No mirror image of {type(motion).__name__!r} is defined: give a GridTrajectory or a StraightTrajectory.'
    raise TypeError(msg)
