# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import numpy as np
import pytest

from audio_manifold_ros.common.errors import SimulationError
from audio_manifold_ros.simulation.scene import VehicleKind
from audio_manifold_ros.simulation.street import make_street

SEEDS = range(60)


def test_a_seed_gives_one_street() -> None:
    assert make_street(7) == make_street(7)
    assert make_street(7) != make_street(8)


@pytest.mark.parametrize('seed', [-1, 1.5, '3', None])
def test_an_invalid_seed_is_refused(seed: object) -> None:
    with pytest.raises(SimulationError, match='seed is'):
        make_street(seed)  # type: ignore[arg-type]


def test_traffic_keeps_right() -> None:
    for street in map(make_street, SEEDS):
        for vehicle in street.vehicles:
            assert street.road_right_m < vehicle.y_m < street.road_left_m
            if vehicle.velocity_mps:
                assert np.sign(vehicle.velocity_mps) == -np.sign(vehicle.y_m)


def test_no_vehicle_collides_with_the_ego_vehicle() -> None:
    for street in map(make_street, SEEDS):
        ego = street.ego
        for time_s in np.arange(0.0, 20.0, 0.5):
            ego_x = ego.speed_mps * time_s
            for vehicle in street.vehicles:
                x, y = vehicle.centre_m(time_s)
                apart_x = abs(x - ego_x) - (vehicle.length_m + 4.0) / 2
                apart_y = abs(y - ego.y_m) - (vehicle.width_m + 1.6) / 2
                assert max(apart_x, apart_y) > 0, (street.seed, time_s, vehicle)


def test_parked_vehicles_are_silent_and_stationary() -> None:
    for street in map(make_street, SEEDS):
        for vehicle in street.vehicles:
            if not vehicle.audible:
                assert vehicle.velocity_mps == 0.0


def test_streets_differ_in_all_properties() -> None:
    streets = [make_street(seed) for seed in range(200)]
    kinds = {vehicle.kind for street in streets for vehicle in street.vehicles}
    assert kinds >= {VehicleKind.CAR, VehicleKind.TRUCK, VehicleKind.BUS, VehicleKind.MOTORCYCLE}
    stationary = np.mean([street.ego.speed_mps == 0.0 for street in streets])
    assert 0.25 < stationary < 0.55
    assert any(not street.facades for street in streets) or min(len(s.facades) for s in streets) < 40
    assert any(street.trees for street in streets)
    assert any(not street.trees for street in streets)
    assert any(street.fences for street in streets)
    assert np.std([street.weather.wind_mps for street in streets]) > 0.5
