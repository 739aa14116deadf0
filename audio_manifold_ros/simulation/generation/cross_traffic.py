# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Traffic of the cross streets: vehicles that cross the road or turn into it, and that wait for signals and gaps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.array_types import FloatArray
from audio_manifold_ros.simulation.generation import statistics
from audio_manifold_ros.simulation.generation.bodies import Body, sample_body
from audio_manifold_ros.simulation.generation.car_following import STEP_S, Drivers, StopLines, drive_lane
from audio_manifold_ros.simulation.generation.lane_traffic import LaneTraffic
from audio_manifold_ros.simulation.generation.layout import Layout
from audio_manifold_ros.simulation.generation.world_motion import Path
from audio_manifold_ros.simulation.grid_trajectory import GridTrajectory
from audio_manifold_ros.simulation.scene import Junction
from audio_manifold_ros.simulation.vehicle import VehicleKind

SHARES: dict[VehicleKind, float] = {
    kind: share for kind, share in statistics.KIND_SHARES.items() if kind is not VehicleKind.BUS
}
STOP_M = 1.0
CLEAR_BEHIND_M = 8.0
POINT_M = 0.5
TURN_IN_M, TURN_OUT_M = 3.0, 9.0
AFTER_TURN_M = 250.0


def cross_traffic(
    rng: np.random.Generator,
    layout: Layout,
    junction: Junction,
    red: NDArray[np.bool_],
    main: list[LaneTraffic],
) -> list[tuple[Body, GridTrajectory]]:
    """Simulate the inbound lane of each arm of a junction.

    Args:
        rng: Random generator.
        layout: The street.
        junction: The junction.
        red: True (step,) while its signals are red for the cross street.
        main: Traffic of the road, which has priority at a junction without signals.

    """
    closed = red if junction.has_signals else _is_taken(junction, main)
    vehicles = []
    for side in junction.arms:
        vehicles += _arm(rng, layout, junction, side, closed)
    return vehicles


def _is_taken(junction: Junction, main: list[LaneTraffic]) -> NDArray[np.bool_]:
    """Return when a vehicle of the road is at the junction or reaches it soon (step,)."""
    taken = np.zeros(len(main[0].stations_m), dtype=bool)
    for traffic in main:
        to_go = traffic.direction * (junction.station_m - traffic.stations_m)
        near_m = np.maximum(CLEAR_BEHIND_M, traffic.speeds_mps * statistics.YIELD_GAP_S)
        taken |= ((to_go > -CLEAR_BEHIND_M) & (to_go < near_m)).any(axis=1)
    return taken


def _arm(
    rng: np.random.Generator, layout: Layout, junction: Junction, side: int, closed: NDArray[np.bool_]
) -> list[tuple[Body, GridTrajectory]]:
    """Simulate vehicles on one arm. Place 0 along the lane is on the centre line of the road."""
    speed_mps = min(layout.speed_limit_mps, 50 / 3.6) * 0.8
    duration_s = STEP_S * len(closed)
    spacing_m = speed_mps * 3600.0 / statistics.sample_log_uniform(rng, statistics.CROSS_FLOW_PER_H)
    starts, bodies = [], []
    place = junction.reach_m - rng.uniform(0, spacing_m)
    while place > -junction.reach_m - speed_mps * duration_s:
        body = sample_body(rng, SHARES)
        starts.append(place)
        bodies.append(body)
        place -= body.length_m + 3.0 + rng.exponential(spacing_m)
    if not starts:
        return []
    turns = [_turn(rng, junction, side) for _ in starts]
    drivers = Drivers.sample(
        rng,
        starts,
        [body.length_m for body in bodies],
        (speed_mps * rng.uniform(*statistics.DESIRED_SPEED, size=len(starts))).tolist(),
    )
    kerb_m = layout.kerb_m(side)
    is_turning = np.array([turn != 0 for turn in turns])
    drivers.slow_mps[is_turning] = rng.uniform(*statistics.TURN_SPEED_MPS)
    drivers.slow_until_m[is_turning] = TURN_OUT_M
    stop = StopLines(np.array([-max(kerb_m, layout.end_m(side) - 1.0) - STOP_M]), closed[:, None])
    motion = drive_lane(drivers, stop)
    vehicles = []
    paths = {turn: _path(layout, junction, side, turn) for turn in set(turns)}
    for k, (body, turn) in enumerate(zip(bodies, turns, strict=True)):
        path, begin_m, length_m = paths[turn]
        places = motion[0, :, k] - begin_m
        if places[-1] > 0 and places[0] < length_m:
            vehicles.append((body, path.trajectory(places, motion[1, :, k], motion[2, :, k])))
    return vehicles


def _turn(rng: np.random.Generator, junction: Junction, side: int) -> int:
    """Return -1 for a right turn, 1 for a left turn and 0 for straight on."""
    must_turn = -side not in junction.arms
    share = rng.random()
    if must_turn or share < statistics.TURNING_SHARE:
        return -1 if rng.random() < 0.5 else 1
    return 0


def _path(layout: Layout, junction: Junction, side: int, turn: int) -> tuple[Path, float, float]:
    """Return the path of an inbound vehicle, the place of its first point and its length."""
    centre, ahead, left = layout.axis.axes_at(junction.station_m)
    # Traffic keeps right: a vehicle from the left arm drives before the centre of the junction.
    across_m = -side * junction.half_road_m / 2
    begin_m = -junction.reach_m - 60.0
    end_m = junction.reach_m + 60.0 if turn == 0 else -layout.kerb_m(side) - TURN_IN_M + 2.0
    places = np.arange(begin_m, end_m, POINT_M)
    points = centre + across_m * ahead - side * places[:, None] * left
    if turn:
        points = np.concatenate([points, _bend(layout, junction, side, turn, points[-1], -side * left)])
    length_m = float(np.linalg.norm(np.diff(points, axis=0), axis=1).sum())
    return Path(points), begin_m, length_m


def _bend(
    layout: Layout, junction: Junction, side: int, turn: int, start_m: FloatArray, facing: FloatArray
) -> FloatArray:
    """Return the points of a turn into the road, and of the lane after it."""
    # A right turn from the left arm leads against the direction of the road.
    direction = side * turn
    lane = layout.lanes - 1 if turn < 0 else 0
    offset_m = layout.lane_offset_m(direction, lane)
    first_m = junction.station_m + direction * TURN_OUT_M
    stations = first_m + direction * np.arange(0.0, AFTER_TURN_M, POINT_M)
    after, headings = layout.axis.to_world(stations, offset_m)
    leaving = direction * np.array([np.cos(headings[0]), np.sin(headings[0])])
    # A cubic Bézier curve with the tangents at both ends.
    reach_m = 0.55 * float(np.linalg.norm(after[0] - start_m))
    knots = np.array([start_m, start_m + reach_m * facing, after[0] - reach_m * leaving, after[0]])
    u = np.linspace(0.0, 1.0, 40)[1:-1, None]
    weights = np.hstack([(1 - u) ** 3, 3 * u * (1 - u) ** 2, 3 * u**2 * (1 - u), u**3])
    return np.concatenate([weights @ knots, after])
