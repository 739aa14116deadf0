# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Random generation of streets with traffic, buildings, trees and weather from a seed."""

from __future__ import annotations

import bisect
import math

import numpy as np

from audio_manifold_ros.common.errors import SimulationError
from audio_manifold_ros.simulation.scene import Ego, Facade, Fence, Street, Tree, Vehicle, VehicleKind, Weather
from audio_manifold_ros.simulation.trajectory import StraightTrajectory

BEHIND_M = 400.0
AHEAD_M = 900.0
# Vehicles per hour and lane, from a quiet to a busy urban street. A lane of a signalled street saturates near 1800.
FLOW_PER_H = (200.0, 1000.0)
MIN_GAP_M = 5.0
# A parked ego vehicle has free space to pull out.
PULL_OUT_BEHIND_M, PULL_OUT_AHEAD_M = 7.5, 15.0
KINDS = (VehicleKind.CAR, VehicleKind.TRUCK, VehicleKind.BUS, VehicleKind.MOTORCYCLE)
# Cumulative fractions: 74 % cars, 12 % trucks, 4 % buses, 10 % motorcycles.
KIND_BOUNDS = (0.74, 0.86, 0.90, 1.0)
# Mean and standard deviation of (length, width, height) in metres.
SIZES_M = {
    VehicleKind.CAR: ((4.3, 1.8, 1.5), (0.35, 0.07, 0.1)),
    VehicleKind.TRUCK: ((8.0, 2.45, 3.3), (1.2, 0.08, 0.3)),
    VehicleKind.BUS: ((12.0, 2.55, 3.2), (0.5, 0.02, 0.1)),
    VehicleKind.MOTORCYCLE: ((2.1, 0.75, 1.7), (0.12, 0.05, 0.08)),
}
FIRING_HZ = {
    VehicleKind.CAR: (25.0, 90.0),
    VehicleKind.TRUCK: (35.0, 90.0),
    VehicleKind.BUS: (35.0, 80.0),
    VehicleKind.MOTORCYCLE: (40.0, 140.0),
}
ELECTRIC_FRACTION = {
    VehicleKind.CAR: 0.12,
    VehicleKind.TRUCK: 0.0,
    VehicleKind.BUS: 0.2,
    VehicleKind.MOTORCYCLE: 0.03,
}


def make_street(seed: int) -> Street:
    """Build the street of a seed. The same seed gives the same street on every machine.

    Traffic drives on the right. The street extends `BEHIND_M` back and `AHEAD_M` ahead, so that a drive of half a
    minute does not reach its end.

    Raises:
        SimulationError: The seed is negative or not an integer.

    """
    if not isinstance(seed, (int, np.integer)) or seed < 0:
        msg = f'seed is {seed!r}: give an integer from 0.'
        raise SimulationError(msg)
    rng = np.random.default_rng([seed, 0x57EE7])
    lane_m = rng.uniform(3.0, 3.6)
    lanes = int(rng.choice((1, 2), p=(0.72, 0.28)))
    parking_m = [2.3 if rng.random() < probability else 0.0 for probability in (0.22, 0.22)]
    is_stationary = bool(rng.random() < 0.4)
    if is_stationary and parking_m[1] == 0.0:
        parking_m[1] = 2.3
    road_left = lanes * lane_m + parking_m[0]
    road_right = -(lanes * lane_m + parking_m[1])
    pavement_left = road_left + rng.uniform(1.5, 4.0)
    pavement_right = road_right - rng.uniform(1.5, 4.0)
    ego_lane = int(rng.integers(lanes))
    ego_y = road_right + parking_m[1] / 2 if is_stationary else -(ego_lane + 0.5) * lane_m + rng.normal(0, 0.15)
    cruise_mps = rng.uniform(4.0, 15.0)
    ego = Ego(
        trajectory=StraightTrajectory(
            (0.0, float(ego_y), 0.0), (0.0 if is_stationary else float(cruise_mps), 0.0, 0.0), 0.0
        ),
        yaw_rad=float(rng.normal(0, math.radians(1.2))),
        electric=bool(rng.random() < 0.2),
        engine_hz=float(rng.uniform(25, 80)),
        level_offset_db=float(rng.normal(0, 1.5)),
    )
    facades = _facades(rng, +1, pavement_left) + _facades(rng, -1, -pavement_right)
    fences = _fences(rng, +1, pavement_left, facades) + _fences(rng, -1, -pavement_right, facades)
    trees = _trees(rng, +1, pavement_left) + _trees(rng, -1, -pavement_right)
    vehicles = _traffic(rng, lanes, lane_m, -1 if is_stationary else ego_lane, ego)
    vehicles += _parked(rng, +1, road_left, parking_m[0], None)
    vehicles += _parked(rng, -1, -road_right, parking_m[1], ego if is_stationary else None)
    return Street(
        seed=int(seed),
        road_left_m=float(road_left),
        road_right_m=float(road_right),
        pavement_left_m=float(pavement_left),
        pavement_right_m=float(pavement_right),
        facades=tuple(facades),
        trees=tuple(trees),
        fences=tuple(fences),
        vehicles=tuple(vehicles),
        ego=ego,
        weather=_weather(rng, facades, pavement_left - pavement_right),
    )


def _facades(rng: np.random.Generator, side: int, pavement_m: float) -> list[Facade]:
    if rng.random() < 0.12:
        return []
    facades: list[Facade] = []
    base_setback_m = 0.0 if rng.random() < 0.55 else rng.uniform(2.0, 8.0)
    height_m = rng.uniform(5.0, 18.0)
    gap_probability = rng.uniform(0.05, 0.6)
    x = -BEHIND_M + rng.uniform(0, 20)
    while x < AHEAD_M:
        length_m = rng.uniform(8.0, 40.0)
        setback_m = max(0.0, base_setback_m + (rng.normal(0, 1.0) if base_setback_m else 0.0))
        facades.append(
            Facade.along_x(
                side=side,
                y_m=side * (pavement_m + setback_m),
                x_range_m=(x, x + length_m),
                height_m=min(max(height_m + rng.normal(0, 2.0), 3.5), 24.0),
                depth_m=rng.uniform(8.0, 14.0),
                absorption=0.3 if rng.random() < 0.1 else rng.uniform(0.05, 0.15),
                scattering=rng.uniform(0.1, 0.4),
            )
        )
        x += length_m + (rng.uniform(3.0, 22.0) if rng.random() < gap_probability else 0.0)
    return facades


def _fences(rng: np.random.Generator, side: int, pavement_m: float, facades: list[Facade]) -> list[Fence]:
    setbacks_m = [abs(facade.y_m) - pavement_m for facade in facades if facade.side == side]
    if rng.random() > 0.4 or (setbacks_m and min(setbacks_m) < 1.0):
        return []
    height_m, fences, x = rng.uniform(0.9, 1.8), [], -BEHIND_M + rng.uniform(0, 20)
    while x < AHEAD_M:
        length_m = rng.uniform(10.0, 60.0)
        y_m = side * (pavement_m + 0.2)
        fences.append(Fence((x, y_m), (x + length_m, y_m), height_m))
        x += length_m + rng.uniform(2.0, 12.0)
    return fences


def _trees(rng: np.random.Generator, side: int, pavement_m: float) -> list[Tree]:
    if rng.random() < 0.45:
        return []
    spacing_m = rng.uniform(7.0, 25.0)
    offset_m = -0.8 if rng.random() < 0.6 else rng.uniform(1.0, 4.0)
    needles = bool(rng.random() < 0.15)
    crown_m = rng.uniform(1.2, 2.6)
    trees, x = [], -BEHIND_M + rng.uniform(0, spacing_m)
    while x < AHEAD_M:
        trees.append(
            Tree(
                x_m=x,
                y_m=side * (pavement_m + offset_m + rng.normal(0, 0.2)),
                trunk_radius_m=rng.uniform(0.12, 0.25),
                trunk_height_m=rng.uniform(1.8, 3.0),
                crown_radius_m=crown_m * rng.uniform(0.8, 1.2),
                crown_height_m=crown_m * rng.uniform(1.8, 3.0),
                needles=needles,
            )
        )
        x += spacing_m * rng.uniform(0.8, 1.3)
    return trees


def _within(value: float, bound: float) -> float:
    return min(max(value, -bound), bound)


def _vehicle(rng: np.random.Generator, x_m: float, y_m: float, velocity_mps: float, *, parked: bool) -> Vehicle:
    kind = VehicleKind.CAR if parked and rng.random() < 0.93 else KINDS[bisect.bisect(KIND_BOUNDS, rng.random())]
    mean, spread = SIZES_M[kind]
    length_m, width_m, height_m = (m + s * _within(rng.normal(), 2.0) for m, s in zip(mean, spread, strict=True))
    # A stationary vehicle faces the driving direction of its side of the road.
    heading_rad = math.pi if (velocity_mps or -y_m) < 0 else 0.0
    centre_m = (x_m, y_m + _within(rng.normal(0, 0.12), 0.25))
    return Vehicle(
        kind=kind,
        trajectory=StraightTrajectory((*centre_m, 0.0), (velocity_mps, 0.0, 0.0), heading_rad),
        length_m=length_m,
        width_m=width_m,
        height_m=height_m,
        audible=not parked,
        electric=bool(rng.random() < ELECTRIC_FRACTION[kind]),
        level_offset_db=float(rng.normal(0, 1.5)),
        engine_hz=float(rng.uniform(*FIRING_HZ[kind])),
    )


def _traffic(rng: np.random.Generator, lanes: int, lane_m: float, ego_lane: int, ego: Ego) -> list[Vehicle]:
    """Fill every lane with vehicles at the speed of the lane. Lane -1 of the ego vehicle is the kerb."""
    vehicles: list[Vehicle] = []
    for direction in (-1, +1):
        for lane in range(lanes):
            if rng.random() < 0.15:
                continue
            is_ego_lane = direction == -1 and lane == ego_lane
            speed_mps = ego.speed_mps if is_ego_lane else rng.uniform(4.0, 16.0)
            spacing_m = 3600.0 * speed_mps / rng.uniform(*FLOW_PER_H)
            y_m = direction * (lane + 0.5) * lane_m
            x = -BEHIND_M + rng.uniform(0, spacing_m)
            while x < AHEAD_M:
                vehicle = _vehicle(rng, x, y_m, -direction * speed_mps, parked=False)
                clear_m = (vehicle.length_m + 4.6) / 2 + 4.0
                if not is_ego_lane or abs(x) > clear_m:
                    vehicles.append(vehicle)
                min_spacing_m = vehicle.length_m + MIN_GAP_M
                x += min_spacing_m + rng.exponential(max(spacing_m - min_spacing_m, MIN_GAP_M))
    return vehicles


def _parked(rng: np.random.Generator, side: int, kerb_m: float, parking_m: float, ego: Ego | None) -> list[Vehicle]:
    if parking_m == 0.0:
        return []
    occupancy = rng.uniform(0.03, 0.25)
    vehicles, x = [], -100.0 + rng.uniform(0, 6)
    while x < 500.0:
        x += 6.0 + rng.uniform(0, 1.0)
        if rng.random() < occupancy and (ego is None or not -PULL_OUT_BEHIND_M < x < PULL_OUT_AHEAD_M):
            vehicles.append(_vehicle(rng, x, side * (kerb_m - parking_m / 2 + 0.1), 0.0, parked=True))
    return [vehicle for vehicle in vehicles if vehicle.width_m < 2.2]


def _weather(rng: np.random.Generator, facades: list[Facade], width_m: float) -> Weather:
    nearby = [facade for facade in facades if facade.x_end_m > -60 and facade.x_start_m < 60]
    cover = sum(facade.x_end_m - facade.x_start_m for facade in nearby) / 240.0
    height_m = float(np.mean([facade.height_m for facade in nearby])) if nearby else 0.0
    # A closed, high, narrow street has more reverberation than an open place.
    enclosure = min(1.0, cover * min(1.0, height_m / max(width_m, 1.0)))
    return Weather(
        temperature_c=float(rng.uniform(-5, 33)),
        wind_mps=float(min(9.0, rng.gamma(2.0, 1.1))),
        wind_azimuth_rad=float(rng.uniform(-math.pi, math.pi)),
        background_db=float(rng.uniform(42, 60)),
        tail_db=float(-22 + 10 * enclosure + rng.normal(0, 0.7)),
        tail_s=float(0.3 + 1.0 * enclosure),
    )
