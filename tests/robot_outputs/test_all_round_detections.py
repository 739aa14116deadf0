# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Vehicles all round as detections in the root frame."""

from __future__ import annotations

import math

import numpy as np
import pytest

from audio_manifold_ros.networks.vehicle_map import VehicleMapConfig, VehiclePosition, heat_map
from audio_manifold_ros.rig.transform_chain import Pose
from audio_manifold_ros.robot_outputs.all_round_detections import VehicleErrors, vehicle_detections

CONFIG = VehicleMapConfig()
ERRORS = VehicleErrors(range_log_std=0.2, angle_std_rad=0.05)
IDS = {'car': 13, 'bus': 15}
OPTICAL = np.array([[0.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]])


def test_vehicles_are_around_the_array_and_the_nearest_is_first() -> None:
    truth = [VehiclePosition('car', math.pi / 2, 20.0), VehiclePosition('bus', math.pi * 0.97, 8.0)]
    array_m = np.array([1.0, 0.5, 1.7])
    bus, car = vehicle_detections(heat_map(truth, CONFIG), CONFIG, 0.9, ERRORS, array_m, IDS)
    assert (bus.class_id, car.class_id) == (15, 13)
    for found, vehicle in ((car, truth[0]), (bus, truth[1])):
        offset = found.position_m - array_m
        assert math.hypot(*offset[:2]) == pytest.approx(vehicle.distance_m, rel=0.1)
        assert math.atan2(offset[1], offset[0]) == pytest.approx(vehicle.azimuth_rad, abs=0.05)
        assert found.position_m[2] == pytest.approx(found.extent_m[2] / 2)
    assert car.position_m[1] > 15
    assert bus.position_m[0] < 0


def test_the_errors_are_along_and_across_the_direction() -> None:
    (car,) = vehicle_detections(
        heat_map([VehiclePosition('car', 0.02, 10.0)], CONFIG), CONFIG, 0.9, ERRORS, np.zeros(3), IDS
    )
    deviations = np.sqrt(np.diag(car.covariance_m2))
    assert deviations[0] == pytest.approx(0.2 * car.distance_m, rel=0.02)
    assert deviations[1] == pytest.approx(0.05 * car.distance_m, rel=0.05)
    assert np.linalg.eigvalsh(car.covariance_m2).min() > 0


def test_a_detection_in_an_image_moves_to_the_root_frame() -> None:
    (car,) = vehicle_detections(
        heat_map([VehiclePosition('car', 0.0, 10.0)], CONFIG), CONFIG, 0.9, ERRORS, np.zeros(3), IDS
    )
    array_m = np.array([1.0, 2.0, 1.7])
    moved = car.in_root(Pose(OPTICAL, np.array([0.3, 0.0, 1.6])), array_m)
    offset = moved.position_m - array_m
    assert (moved.distance_m, moved.bearing_rad) == (math.hypot(*offset[:2]), math.atan2(offset[1], offset[0]))
    np.testing.assert_allclose(moved.position_m, OPTICAL @ car.position_m + [0.3, 0.0, 1.6])
    np.testing.assert_allclose(moved.extent_m, [car.extent_m[2], car.extent_m[0], car.extent_m[1]])
    np.testing.assert_allclose(np.linalg.eigvalsh(moved.covariance_m2), np.linalg.eigvalsh(car.covariance_m2))


def test_improbable_vehicles_are_left_out() -> None:
    half = 0.5 * heat_map([VehiclePosition('car', 0.0, 10.0)], CONFIG)
    assert len(vehicle_detections(half, CONFIG, 0.4, ERRORS, np.zeros(3), IDS)) == 1
    assert vehicle_detections(half, CONFIG, 0.6, ERRORS, np.zeros(3), IDS) == []
