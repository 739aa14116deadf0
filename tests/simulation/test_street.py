# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from audio_manifold_ros.common.errors import SimulationError
from audio_manifold_ros.simulation.motion_table import MotionTable
from audio_manifold_ros.simulation.scene import Street
from audio_manifold_ros.simulation.sound_source import EmissionKind
from audio_manifold_ros.simulation.street import make_street
from audio_manifold_ros.simulation.vehicle import VehicleKind

SEEDS = range(40)
DURATION_S = 6.0
EGO_HALF_M = np.array([2.2, 0.85])


@cache
def streets() -> tuple[Street, ...]:
    return tuple(make_street(seed, DURATION_S) for seed in SEEDS)


def test_a_seed_gives_one_street() -> None:
    assert make_street(7, 2.0) == make_street(7, 2.0)
    assert make_street(7, 2.0) != make_street(8, 2.0)


@pytest.mark.parametrize('seed', [-1, 1.5, '3', None])
def test_an_invalid_seed_is_refused(seed: object) -> None:
    with pytest.raises(SimulationError, match='seed is'):
        make_street(seed)  # type: ignore[arg-type]


def test_an_invalid_duration_is_refused() -> None:
    with pytest.raises(SimulationError, match='duration_s is 61'):
        make_street(0, 61.0)


def test_traffic_drives_on_its_side_of_a_straight_road() -> None:
    sides = set()
    for street in streets():
        sides.add(street.driving_side)
        if street.axis.curvatures_per_m != (0.0,):
            continue
        for vehicle in street.vehicles:
            position, velocity = (
                vehicle.trajectory.position(np.zeros(1))[0],
                vehicle.trajectory.velocity(np.zeros(1))[0],
            )
            along = abs(velocity[0]) > 2.0 and abs(velocity[1]) < 0.01
            if along and street.road_right_m < position[1] < street.road_left_m:
                assert np.sign(velocity[0]) == np.sign(position[1]) * street.driving_side
    assert sides == {-1, 1}


def test_nothing_touches_the_ego_vehicle() -> None:
    for street in streets():
        others = [*street.vehicles, *street.pedestrians]
        motions = MotionTable([street.ego.trajectory, *(one.trajectory for one in others)])
        for time_s in np.arange(0.0, DURATION_S, 0.5):
            at = motions.poses(float(time_s))
            cos, sin = np.cos(at[0, 2]), np.sin(at[0, 2])
            offset = (at[1:, :2] - at[0, :2]) @ np.array([[cos, -sin], [sin, cos]])
            # No object is thinner than a pedestrian.
            assert (np.abs(offset) > EGO_HALF_M + 0.15).any(axis=1).all(), (street.seed, time_s)


def test_only_parked_vehicles_bicycles_and_trams_have_no_engine_noise() -> None:
    for street in streets():
        for vehicle in street.vehicles:
            if not vehicle.audible and vehicle.kind not in {VehicleKind.BICYCLE, VehicleKind.TRAM}:
                assert not vehicle.trajectory.velocity(np.array([0.0, 3.0])).any()


def test_sounds_follow_an_object_of_the_street() -> None:
    kinds = set()
    for street in streets():
        places = np.array([one.trajectory.position(np.ones(1))[0] for one in (*street.vehicles, *street.pedestrians)])
        for sound in street.sounds:
            kinds.add(sound.kind)
            nearest = np.linalg.norm(places - sound.trajectory.position(np.ones(1))[0], axis=1).min()
            assert nearest < (15.0 if sound.kind is EmissionKind.TRAM else 1e-6)
    assert kinds >= {EmissionKind.FOOTSTEPS, EmissionKind.VOICE, EmissionKind.BICYCLE}


def test_streets_differ_in_all_properties() -> None:
    sampled = streets()
    kinds = {vehicle.kind for street in sampled for vehicle in street.vehicles}
    assert kinds >= set(VehicleKind) - {VehicleKind.TRAM}
    speeds = np.array([street.ego.trajectory.velocity(np.array([0.0, 5.0]))[:, :2] for street in sampled])
    change = np.diff(np.linalg.norm(speeds, axis=2), axis=1)[:, 0]
    assert (np.linalg.norm(speeds[:, 0], axis=1) < 0.1).sum() >= 6
    assert (change > 1.0).any()
    assert (change < -1.0).any()
    assert any(street.axis.curvatures_per_m != (0.0,) for street in sampled)
    assert any(street.is_wet for street in sampled)
    assert any(street.junctions for street in sampled)
    assert any(not street.trees for street in sampled)
    assert any(street.fences for street in sampled)
    parked = [sum(not one.audible for one in street.vehicles) for street in sampled]
    assert min(parked) == 0
    assert max(parked) > 30
    assert np.std([street.weather.wind_mps for street in sampled]) > 0.5


def test_cross_traffic_moves_across_the_road() -> None:
    across = 0
    for street in streets():
        for vehicle in street.vehicles:
            heading = vehicle.trajectory.heading(np.zeros(1))[0]
            moving = np.linalg.norm(vehicle.trajectory.velocity(np.zeros(1))) > 1.0
            across += bool(moving and street.axis.is_straight and abs(np.sin(heading)) > 0.9)
    assert across > 10
