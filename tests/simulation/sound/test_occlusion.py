# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from audio_manifold_ros.simulation.scene import Facade
from audio_manifold_ros.simulation.sound.acoustics import StreetAcoustics
from audio_manifold_ros.simulation.sound.occlusion import (
    SKIN_M,
    Obstacles,
    buildings,
    detours_m,
    diffraction_gains,
)
from audio_manifold_ros.simulation.vehicle import VehicleKind
from tests.simulation.street_examples import ARRAY, EMPTY, car, level_db


def box(length_m: float, width_m: float, height_m: float, yaw_rad: float = 0.0) -> Obstacles:
    """Return a box at the origin. It is larger by the skin that is taken off."""
    sizes = np.array([[length_m / 2 + SKIN_M, width_m / 2 + SKIN_M, height_m]])
    return Obstacles(np.array([[[0.0, 0.0, np.cos(yaw_rad), np.sin(yaw_rad)]]]), sizes)


def detour(obstacles: Obstacles, start: tuple[float, ...], end: tuple[float, ...]) -> float:
    return float(detours_m(obstacles, np.array([start]), np.array([end]))[0])


@pytest.mark.parametrize('yaw', [0.0, 0.7, np.pi / 2])
def test_a_thin_low_wall_is_passed_over_its_top(yaw: float) -> None:
    """Over a long thin wall of 2 m from 4 m in front at 0.5 m to 6 m behind at 1.5 m."""
    wall = box(200.0, 1e-3, 2.0, yaw)
    normal = np.array([-np.sin(yaw), np.cos(yaw)])
    found = detour(wall, (*(-4 * normal), 0.5), (*(6 * normal), 1.5))
    assert found == pytest.approx(np.hypot(4, 1.5) + np.hypot(6, 0.5) - np.hypot(10, 1.0), abs=1e-3)


def test_a_high_wall_is_passed_around_its_nearer_end() -> None:
    wall = box(10.0, 1e-3, 50.0)
    found = detour(wall, (3.0, -4.0, 1.0), (3.0, 6.0, 1.0))
    assert found == pytest.approx(np.hypot(2, 4) + np.hypot(2, 6) - 10, abs=1e-3)


def test_a_free_way_has_no_loss() -> None:
    assert detour(box(4.0, 2.0, 1.5), (-10.0, 3.0, 0.5), (10.0, 3.0, 1.7)) == -1.0
    assert detour(box(4.0, 2.0, 1.5), (-10.0, 0.0, 2.0), (10.0, 0.0, 2.0)) == -1.0
    assert np.all(diffraction_gains(np.array([-1.0]), 343.0) == 1)


def test_the_loss_is_that_of_maekawa() -> None:
    gains = diffraction_gains(np.array([0.5]), 343.0)[:, 0]
    number = 2 * 0.5 * np.array([250.0, 1200.0]) / 343.0
    assert -20 * np.log10(gains[:2]) == pytest.approx(10 * np.log10(3 + 20 * number))
    assert -20 * np.log10(gains[2]) == pytest.approx(10 * np.log10(3 + 20 * 4500 / 343.0), abs=3.0)


def test_buildings_are_boxes_behind_their_front() -> None:
    solid = buildings((Facade.along_x(1, 8.0, (0.0, 20.0), 10.0, 12.0, 0.1, 0.2),))
    assert solid.poses[0, 0, :2] == pytest.approx([10.0, 14.0])
    assert detour(solid, (10.0, 7.9, 1.0), (30.0, 7.9, 1.0)) == -1.0
    assert detour(solid, (10.0, 25.0, 1.0), (10.0, 0.0, 1.0)) > 5


def test_a_bus_between_car_and_array_makes_it_quieter() -> None:
    def level(bus_y_m: float) -> float:
        bus = replace(car(8.0, bus_y_m, 0.0, VehicleKind.BUS), length_m=12.0, width_m=2.5, height_m=3.2)
        street = replace(EMPTY, vehicles=(car(20.0, 6.0, -0.5), bus))
        return level_db(StreetAcoustics(street, ARRAY).render(0, 9000))

    assert level(2.0) < level(40.0) - 5
