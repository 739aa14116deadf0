# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The vehicle of a source does not screen it, whether it stands or moves, and every other vehicle does."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from audio_manifold_ros.simulation.generation.rare_sounds import vehicle_sounds
from audio_manifold_ros.simulation.grid_trajectory import GridTrajectory
from audio_manifold_ros.simulation.mirrored_street import mirrored_street
from audio_manifold_ros.simulation.scene import Street
from audio_manifold_ros.simulation.sound.acoustics import StreetAcoustics, _source_vehicles
from audio_manifold_ros.simulation.sound.occlusion import detours_m, diffraction_gains, vehicle_boxes
from audio_manifold_ros.simulation.sound.screens import MIN_HEIGHT_M, Screens
from audio_manifold_ros.simulation.sound_source import EmissionKind, SoundSource
from audio_manifold_ros.simulation.trajectory import StraightTrajectory
from audio_manifold_ros.simulation.vehicle import Vehicle, VehicleKind
from tests.simulation.street_examples import ARRAY, EMPTY, car, level_db

SOUND_MPS = 343.0
TIMES_S = np.arange(0.0, 30.0, 0.5)
CENTRE_M = np.tile([0.0, -1.75, 1.7], (len(TIMES_S), 1))
SOURCE_HEIGHT_M = np.array([0.0, 0.0, 0.3])


def waiting(x_m: float, y_m: float) -> Vehicle:
    """Return a standing car with a running engine."""
    return replace(car(x_m, y_m, 0.0), audible=True)


def in_stretches(stretches: tuple[tuple[float, float], ...]) -> GridTrajectory:
    """Return a motion along x from 12 m, in which each of the stretches (start in s, end in s) is driven at 3 m/s."""
    times_s = np.arange(-1.0, 60.05, 0.1)
    velocities = np.zeros((len(times_s), 3))
    for start_s, end_s in stretches:
        velocities[(times_s > start_s) & (times_s < end_s), 0] = 3.0
    positions = np.cumsum(velocities, axis=0) * 0.1 + [12.0, 1.75, 0.0]
    zeros = np.zeros_like(velocities)
    return GridTrajectory(positions, velocities, zeros, zeros[:, 0], -1.0, 0.1)


def direct(street: Street, source: int = 0) -> np.ndarray:
    """Return the amplitudes (3, time) of the direct path of a source of the street."""
    owners = _source_vehicles(street)
    motions = [vehicle.trajectory for vehicle in street.vehicles if vehicle.audible]
    motions += [sound.trajectory for sound in street.sounds]
    source_m = motions[source].position(TIMES_S) + SOURCE_HEIGHT_M
    return Screens(street, owners, SOUND_MPS).direct(source, source_m, CENTRE_M, TIMES_S)


def without_bodies(street: Street) -> Street:
    """Return the street with vehicles that are too low to screen anything."""
    return replace(street, vehicles=tuple(replace(one, height_m=MIN_HEIGHT_M) for one in street.vehicles))


@pytest.mark.parametrize('place_m', [(12.0, 1.75), (-9.0, -1.75), (1.0, 3.0)])
def test_a_waiting_car_sounds_as_in_the_free_field(place_m: tuple[float, float]) -> None:
    street = replace(EMPTY, vehicles=(waiting(*place_m),))
    assert np.all(direct(street) == 1.0)
    free = StreetAcoustics(without_bodies(street), ARRAY).render(0, 9000)
    assert np.array_equal(StreetAcoustics(street, ARRAY).render(0, 9000), free)


def test_a_second_waiting_car_screens_the_first_by_the_formula_of_maekawa() -> None:
    first, second = waiting(20.0, -1.75), waiting(8.0, -1.75)
    street = replace(EMPTY, vehicles=(first, second))
    source_m = first.trajectory.position(TIMES_S) + SOURCE_HEIGHT_M
    detours = detours_m(vehicle_boxes([second], np.zeros(1)), source_m, CENTRE_M)
    assert detours.min() > 0
    assert np.array_equal(direct(street), diffraction_gains(detours, SOUND_MPS))
    assert np.all(direct(street, 1) == 1.0)


def test_a_parked_car_makes_a_waiting_car_behind_it_quieter() -> None:
    def level(parked_y_m: float) -> float:
        street = replace(EMPTY, vehicles=(waiting(20.0, -1.75), car(8.0, parked_y_m, 0.0)))
        return level_db(StreetAcoustics(street, ARRAY).render(0, 9000))

    assert level(-1.75) < level(40.0) - 3


def test_a_moving_car_is_screened_by_others_only() -> None:
    moving, other = car(20.0, -1.75, -0.01), car(8.0, -1.75, 0.0)
    assert np.all(direct(replace(EMPTY, vehicles=(moving,))) == 1.0)
    source_m = moving.trajectory.position(TIMES_S) + SOURCE_HEIGHT_M
    expected = diffraction_gains(detours_m(vehicle_boxes([other], TIMES_S), source_m, CENTRE_M), SOUND_MPS)
    assert expected.max() < 1
    assert np.array_equal(direct(replace(EMPTY, vehicles=(moving, other))), expected)


@pytest.mark.parametrize('stretches', [(), ((4.0, 70.0),), ((3.0, 8.0),), ((12.0, 16.0), (20.0, 24.0))])
def test_the_level_does_not_jump_when_a_waiting_car_drives_off(stretches: tuple[tuple[float, float], ...]) -> None:
    """A car that stands at 0 s, 10 s and 60 s may drive between these times."""
    starting = replace(waiting(0.0, 0.0), trajectory=in_stretches(stretches))
    assert np.all(direct(replace(EMPTY, vehicles=(starting,))) == 1.0)


def test_a_car_that_drove_away_screens_nothing_at_its_first_place() -> None:
    leaving = replace(waiting(0.0, 0.0), trajectory=in_stretches(((3.0, 8.0),)), audible=False)
    behind = waiting(24.0, 4.5)
    gains = direct(replace(EMPTY, vehicles=(leaving, behind)))
    assert gains[:, 0].max() < 1
    assert np.all(gains[:, TIMES_S > 8.0] == 1.0)


@pytest.mark.parametrize('kind', [EmissionKind.HORN, EmissionKind.SIREN_WAIL])
@pytest.mark.parametrize('velocity_mps', [0.0, -0.01])
def test_horn_and_siren_are_not_screened_by_their_vehicle(kind: EmissionKind, velocity_mps: float) -> None:
    vehicle = replace(car(12.0, 1.75, velocity_mps), audible=False)
    street = replace(EMPTY, vehicles=(vehicle,), sounds=(SoundSource(kind, vehicle.trajectory),))
    assert np.all(direct(street) == 1.0)


@pytest.mark.parametrize('is_mirrored', [False, True])
@pytest.mark.parametrize('stretches', [((-2.0, 70.0),), ()])
def test_the_bogies_of_a_tram_are_not_screened_by_it(
    stretches: tuple[tuple[float, float], ...], *, is_mirrored: bool
) -> None:
    """The bogies do not move with the centre of the tram, which is longer than its distance to the array."""
    tram = Vehicle(VehicleKind.TRAM, in_stretches(stretches), 28.0, 2.5, 3.6, False, True, 0.0, 45.0)
    sounds = vehicle_sounds(np.random.default_rng(0), [tram], 60.0)
    street = replace(EMPTY, vehicles=(tram,), sounds=tuple(sounds))
    if is_mirrored:
        street = mirrored_street(street)
    assert len(sounds) == 3
    for bogie in range(3):
        assert np.all(direct(street, bogie) == 1.0)


def test_a_pedestrian_is_screened_by_every_vehicle() -> None:
    steps = SoundSource(EmissionKind.FOOTSTEPS, StraightTrajectory((20.0, -1.75, 0.0)))
    assert direct(replace(EMPTY, vehicles=(waiting(8.0, -1.75),), sounds=(steps,)), 1).max() < 1
