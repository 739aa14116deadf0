# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Random street: road, junctions, traffic, buildings, street furniture, pedestrians and weather."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.simulation.ego import Ego
from audio_manifold_ros.simulation.generation import buildings, furniture, statistics
from audio_manifold_ros.simulation.generation.bodies import Body
from audio_manifold_ros.simulation.generation.car_following import LEAD_S, STEP_S, WARM_UP_S, knot_times_s
from audio_manifold_ros.simulation.generation.collisions import collision_free
from audio_manifold_ros.simulation.generation.cross_traffic import cross_traffic
from audio_manifold_ros.simulation.generation.lane_traffic import (
    EGO_BODY,
    EgoPlan,
    LaneTraffic,
    main_traffic,
    signal_closed,
)
from audio_manifold_ros.simulation.generation.layout import MARGIN_M, Layout, sample_layout
from audio_manifold_ros.simulation.generation.pedestrians import pedestrians
from audio_manifold_ros.simulation.generation.rare_sounds import vehicle_sounds
from audio_manifold_ros.simulation.generation.world_motion import FIRST_KNOT, lane_trajectories
from audio_manifold_ros.simulation.scene import Facade, Pedestrian, Street, Weather
from audio_manifold_ros.simulation.trajectory import StraightTrajectory, Trajectory

# Traffic beyond this distance from the ego vehicle at all times is left out.
TRAFFIC_REACH_M = 180.0
# Cross streets beyond this distance have no traffic.
CROSS_TRAFFIC_REACH_M = 110.0
SIDES = (1, -1)


def sample_street(rng: np.random.Generator, seed: int, duration_s: float) -> Street:
    """Sample a street with traffic on the right.

    Args:
        rng: Random generator.
        seed: Seed that the street is named by.
        duration_s: Time for which the traffic is simulated.

    """
    layout = sample_layout(rng, statistics.SPEED_LIMITS_KMH[-1][0] / 3.6 * (duration_s + WARM_UP_S))
    plan = EgoPlan.sample(rng, layout.lanes)
    if plan.side:
        strips = list(layout.parking_m)
        strips[0 if plan.side > 0 else 1] = statistics.PARKING_M
        layout = replace(layout, parking_m=(strips[0], strips[1]))
    times_s = knot_times_s(duration_s)
    red = np.array([signal_closed(one, rng, times_s) for one in layout.junctions]).reshape(-1, 2, len(times_s))
    main = list(main_traffic(rng, layout, plan, times_s, red[:, 0]))
    layout, main, reds = _centred(layout, main, red)
    bodies, motions, ego_motion = _road_vehicles(layout, main)
    ego_motion = ego_motion or _parked(layout, plan)
    for junction, closed in zip(layout.junctions, reds, strict=True):
        if (
            layout.range_m[0] + MARGIN_M - CROSS_TRAFFIC_REACH_M
            < junction.station_m
            < layout.range_m[1] - MARGIN_M + CROSS_TRAFFIC_REACH_M
        ):
            for body, motion in cross_traffic(rng, layout, junction, closed[1], main):
                bodies.append(body)
                motions.append(motion)
    ego = Ego(
        trajectory=ego_motion,
        yaw_rad=float(rng.normal(0, math.radians(statistics.EGO_YAW_DEG))),
        electric=bool(rng.random() < statistics.EGO_ELECTRIC_SHARE),
        engine_hz=float(rng.uniform(25, 80)),
        level_offset_db=float(rng.normal(0, 1.5)),
    )
    walkers = [walker for side in SIDES for walker in pedestrians(rng, layout, side, duration_s)]
    parked = [vehicle for side in SIDES for vehicle in furniture.parked_vehicles(rng, layout, side, plan.side)]
    kept = _kept(ego, bodies, motions, [person for person, _ in walkers], duration_s)
    vehicles = [
        body.vehicle(rng, motion)
        for body, motion, is_kept in zip(bodies, motions, kept[: len(bodies)], strict=True)
        if is_kept
    ]
    walkers = [walker for walker, is_kept in zip(walkers, kept[len(bodies) :], strict=True) if is_kept]
    lines = {side: buildings.building_line(rng, layout, side) for side in SIDES}
    facades = [facade for line in lines.values() for facade in line.facades]
    for junction in layout.junctions:
        facades += buildings.cross_street_buildings(rng, layout, junction, lines)
    sounds = vehicle_sounds(rng, vehicles, duration_s) + [sound for _, sounds in walkers for sound in sounds]
    return Street(
        seed=seed,
        road_left_m=layout.kerb_m(1),
        road_right_m=-layout.kerb_m(-1),
        pavement_left_m=layout.end_m(1),
        pavement_right_m=-layout.end_m(-1),
        facades=tuple(facades),
        trees=tuple(tree for side in SIDES for tree in furniture.trees(rng, layout, side, lines[side])),
        fences=tuple(fence for side in SIDES for fence in furniture.fences(rng, layout, side, lines[side])),
        vehicles=tuple(vehicles + parked),
        ego=ego,
        weather=_weather(rng, facades, layout.end_m(1) + layout.end_m(-1)),
        sounds=tuple(sounds),
        pedestrians=tuple(person for person, _ in walkers),
        is_wet=layout.is_wet,
        axis=layout.axis,
        junctions=layout.junctions,
        poles=tuple(pole for side in SIDES for pole in furniture.poles(rng, layout, side)),
    )


def _centred(
    layout: Layout, main: list[LaneTraffic], red: NDArray[np.bool_]
) -> tuple[Layout, list[LaneTraffic], list[NDArray[np.bool_]]]:
    """Move station 0 to the ego vehicle at time zero, and keep the part of the street within range of it."""
    zero = FIRST_KNOT + round(LEAD_S / STEP_S)
    stations = [lane.stations_m[:, lane.bodies.index(EGO_BODY)] for lane in main if EGO_BODY in lane.bodies]
    begin_m, end_m = (float(stations[0][zero]), float(stations[0][-1])) if stations else (0.0, 0.0)
    layout = layout.shifted(begin_m)
    range_m = (-MARGIN_M, end_m - begin_m + MARGIN_M)
    inside = [range_m[0] < one.station_m < range_m[1] for one in layout.junctions]
    layout = replace(
        layout,
        range_m=range_m,
        junctions=tuple(one for one, is_inside in zip(layout.junctions, inside, strict=True) if is_inside),
    )
    main = [replace(lane, stations_m=lane.stations_m - begin_m) for lane in main]
    return layout, main, [one for one, is_inside in zip(red, inside, strict=True) if is_inside]


def _road_vehicles(layout: Layout, main: list[LaneTraffic]) -> tuple[list[Body], list[Trajectory], Trajectory | None]:
    """Return bodies and motions of all vehicles of the road near the ego vehicle, and the motion of the ego vehicle."""
    bodies: list[Body] = []
    motions: list[Trajectory] = []
    ego: Trajectory | None = None
    low_m, high_m = layout.range_m[0] + MARGIN_M - TRAFFIC_REACH_M, layout.range_m[1] - MARGIN_M + TRAFFIC_REACH_M
    for lane in main:
        stations = lane.stations_m[FIRST_KNOT:]
        near = (stations.max(axis=0, initial=-np.inf) > low_m) & (stations.min(axis=0, initial=np.inf) < high_m)
        chosen = np.flatnonzero(near)
        for k, motion in zip(chosen.tolist(), lane_trajectories(layout.axis, lane, chosen), strict=True):
            if lane.bodies[k] is EGO_BODY:
                ego = motion
            else:
                bodies.append(lane.bodies[k])
                motions.append(motion)
    return bodies, motions, ego


def _parked(layout: Layout, plan: EgoPlan) -> Trajectory:
    """Return the motion of a parked ego vehicle."""
    offset_m = plan.side * (layout.kerb_m(plan.side) - statistics.PARKING_M / 2)
    return StraightTrajectory((0.0, offset_m, 0.0))


def _kept(
    ego: Ego,
    bodies: list[Body],
    motions: list[Trajectory],
    walkers: list[Pedestrian],
    duration_s: float,
) -> NDArray[np.bool_]:
    """Return which vehicles and then which pedestrians collide with nothing (object,)."""
    sizes = [statistics.EGO_SIZE_M, *((body.length_m, body.width_m) for body in bodies)]
    sizes += [(0.4, person.width_m) for person in walkers]
    everything = [ego.trajectory, *motions, *(person.trajectory for person in walkers)]
    return collision_free(everything, np.array(sizes), duration_s)[1:]


def _weather(rng: np.random.Generator, facades: list[Facade], width_m: float) -> Weather:
    nearby = [facade for facade in facades if facade.x_end_m > -60 and facade.x_start_m < 60]
    cover = sum(facade.x_end_m - facade.x_start_m for facade in nearby) / 240.0
    height_m = float(np.mean([facade.height_m for facade in nearby])) if nearby else 0.0
    # A closed, high, narrow street has more reverberation than an open place.
    enclosure = min(1.0, cover * min(1.0, height_m / max(width_m, 1.0)))
    return Weather(
        temperature_c=float(rng.uniform(*statistics.TEMPERATURE_C)),
        wind_mps=float(min(9.0, rng.gamma(2.0, 1.1))),
        wind_azimuth_rad=float(rng.uniform(-math.pi, math.pi)),
        background_db=float(rng.uniform(*statistics.BACKGROUND_DB)),
        tail_db=float(-22 + 10 * enclosure + rng.normal(0, 0.7)),
        tail_s=float(0.3 + 1.0 * enclosure),
    )
