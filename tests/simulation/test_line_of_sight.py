# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from audio_manifold_ros.common.class_ids import CAR, TRUCK
from audio_manifold_ros.simulation.line_of_sight import RANGE_M, TrafficTruth
from audio_manifold_ros.simulation.mirrored_street import mirrored_street
from audio_manifold_ros.simulation.scene import Facade
from audio_manifold_ros.simulation.street import make_street
from audio_manifold_ros.simulation.trajectory import StraightTrajectory
from audio_manifold_ros.simulation.vehicle import Vehicle, VehicleKind
from tests.simulation.street_examples import DRIVING, EMPTY, car


def turned(vehicle: Vehicle, x_m: float, y_m: float, velocity_y_mps: float) -> Vehicle:
    return replace(vehicle, trajectory=StraightTrajectory((x_m, y_m, 0.0), (0.0, velocity_y_mps, 0.0)))


def test_azimuth_distance_and_speed_are_those_of_the_body_frame() -> None:
    ego = replace(DRIVING, yaw_rad=0.2)
    street = replace(EMPTY, ego=ego, vehicles=(car(30.0, 8.25, -12.0), car(-20.0, -1.75, 13.0)))
    ahead, behind = TrafficTruth(street).at(1.0)
    # At one second the ego vehicle is at (10, -1.75), and the others are at (18, 8.25) and (-7, -1.75).
    assert ahead.azimuth_rad == pytest.approx(math.atan2(10.0, 8.0) - 0.2)
    assert ahead.distance_m == pytest.approx(math.hypot(10.0, 8.0))
    assert ahead.speed_mps == pytest.approx(12.0)
    assert ahead.class_id == CAR
    assert behind.azimuth_rad == pytest.approx(math.pi - 0.2)
    assert behind.distance_m == pytest.approx(17.0)


def test_a_corner_hides_crossing_traffic_until_it_appears() -> None:
    corner = Facade.along_x(1, 8.0, (-10.0, 15.0), 10.0, 12.0, 0.1, 0.2)
    crossing = turned(car(0, 0, 1.0), 18.0, 40.0, -8.0)
    truth = TrafficTruth(replace(EMPTY, facades=(corner,), vehicles=(crossing,)))
    hidden = [truth.at(time_s)[0].is_hidden for time_s in (0.0, 1.0, 4.0, 6.0)]
    assert hidden == [True, True, False, False]


def test_a_truck_hides_a_car_and_a_car_does_not_hide_a_truck() -> None:
    truck = replace(car(15.0, -1.75, 5.0, VehicleKind.TRUCK), width_m=2.5, height_m=3.3, length_m=8.0)
    low = car(26.0, -1.75, 5.0)
    (first, second) = TrafficTruth(replace(EMPTY, vehicles=(truck, low))).at(0.0)
    assert (first.class_id, first.is_hidden) == (TRUCK, False)
    assert (second.class_id, second.is_hidden) == (CAR, True)
    near = replace(low, trajectory=StraightTrajectory((8.0, -1.75, 0.0), (5.0, 0.0, 0.0)))
    assert not any(one.is_hidden for one in TrafficTruth(replace(EMPTY, vehicles=(truck, near))).at(0.0))


def test_parked_and_distant_vehicles_are_left_out_and_queues_are_not() -> None:
    queued = replace(car(12.0, -1.75, 0.0), audible=True)
    vehicles = (queued, car(9.0, -4.8, 0.0), car(RANGE_M + 1.0, 1.75, -9.0))
    (found,) = TrafficTruth(replace(EMPTY, vehicles=vehicles)).at(0.0)
    assert found.speed_mps == 0.0
    assert found.distance_m == pytest.approx(12.0)


def test_a_mirrored_street_has_mirrored_azimuths_and_the_same_line_of_sight() -> None:
    count = 0
    for seed in range(900_000, 900_012):
        street = make_street(seed, 2.0)
        original, mirrored = (TrafficTruth(one).at(0.5) for one in (street, mirrored_street(street)))
        count += sum(one.is_hidden for one in original)
        np.testing.assert_allclose(
            [(-one.azimuth_rad, one.distance_m, one.is_hidden, one.speed_mps) for one in mirrored],
            [(one.azimuth_rad, one.distance_m, one.is_hidden, one.speed_mps) for one in original],
            atol=1e-6,
        )
    assert count > 3
