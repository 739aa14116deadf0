# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Arrival of echoes of a cylinder: emission times of an independent solution, Doppler shift, and spreading."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import brentq, minimize_scalar

from audio_manifold_ros.simulation.sound.reflection.cylinder_route import CylinderRoute
from audio_manifold_ros.simulation.trajectory import StraightTrajectory, Trajectory
from tests.simulation.sound.test_arrival import FACINGS, SOUND_MPS, TIMES_S, Braking, receivers, sampled

# Next to the road, and ahead of the array.
TRUNKS = (CylinderRoute(4.0, 3.5, 0.2), CylinderRoute(15.0, -5.0, 0.3), CylinderRoute(-6.0, 4.0, 0.06))


def path_m(trunk: CylinderRoute, source: np.ndarray, receiver: np.ndarray) -> float:
    """Return the length of the shortest path in three dimensions by way of the near side of a trunk."""
    axis = np.array([trunk.x_m, trunk.y_m])
    bisector = sum((place[:2] - axis) / np.linalg.norm(place[:2] - axis) for place in (source, receiver))
    middle = np.arctan2(bisector[1], bisector[0])

    def length(angle: float) -> float:
        point = axis + trunk.radius_m * np.array([np.cos(angle), np.sin(angle)])
        legs = sum(np.linalg.norm(place[:2] - point) for place in (source, receiver))
        return float(np.hypot(legs, source[2] - receiver[2]))

    return float(minimize_scalar(length, bounds=(middle - 0.6, middle + 0.6), options={'xatol': 1e-9}).fun)


def emitted_s(trunk: CylinderRoute, vehicle: Trajectory, height_m: float, receiver: np.ndarray, time_s: float) -> float:
    """Search for the instant whose sound arrives now."""

    def late_m(at_s: float) -> float:
        source = np.asarray(vehicle.position(np.array([at_s])))[0] + [0.0, 0.0, height_m]
        return path_m(trunk, source, receiver) - SOUND_MPS * (time_s - at_s)

    return float(brentq(late_m, time_s - 0.5, time_s, xtol=1e-10))


@pytest.mark.parametrize('trunk', TRUNKS)
@pytest.mark.parametrize('height_m', [0.05, 0.75])
def test_every_microphone_receives_what_an_independent_search_finds(trunk: CylinderRoute, height_m: float) -> None:
    vehicle, array = Braking(), receivers(TIMES_S)
    arrival = trunk.arrive(sampled(vehicle, -0.6, 1.0), height_m, array, SOUND_MPS)
    for row in range(9):
        mic = 0 if row == 0 else 1 + (row - 1) % 4
        for step in range(0, len(TIMES_S), 56):
            height = -height_m if row > 4 else height_m
            expected = emitted_s(trunk, vehicle, height, array.positions_m[mic, step], TIMES_S[step])
            assert arrival.emitted_s[row, step] == pytest.approx(expected, abs=1e-6)
            assert arrival.distance_m[row, step] == pytest.approx(SOUND_MPS * (TIMES_S[step] - expected), abs=3e-4)


def test_the_echo_of_a_source_that_approaches_the_trunk_is_higher() -> None:
    """A source drives towards the trunk on the line to the receiver: f / (1 − v / c)."""
    speed, trunk = 20.0, CylinderRoute(0.0, 30.0, 0.2)
    motion = sampled(StraightTrajectory((0.0, -10.0, 0.0), (0.0, speed, 0.0)), -0.6, 1.0)
    place = receivers(TIMES_S, 0.0)
    still = replace(place, positions_m=place.positions_m * 0.0)
    arrival = trunk.arrive(motion, 0.0, still, SOUND_MPS)
    rate = np.diff(arrival.emitted_s[0]) / np.diff(TIMES_S)
    assert rate == pytest.approx(1 / (1 - speed / SOUND_MPS), rel=1e-6)


def test_the_sound_comes_from_the_trunk_and_is_louder_on_its_side() -> None:
    """The directivity counts for the direction of the trunk, and the spreading for each microphone."""
    trunk = CylinderRoute(0.2, 4.0, 0.2)
    motion = sampled(StraightTrajectory((0.2, 30.0, 0.0), (0.0, 0.0, 0.0)), -0.6, 1.0)
    array = receivers(np.array([0.0, 0.01, 0.02]), 0.0)
    # The source is behind the trunk: there is no echo. On the side of the array there is one.
    behind = trunk.arrive(motion, 1.7, array, SOUND_MPS)
    assert not behind.facings.any()
    near = sampled(StraightTrajectory((0.2, -20.0, 0.0), (0.0, 0.0, 0.0)), -0.6, 1.0)
    arrival = trunk.arrive(near, 1.7, array, SOUND_MPS)
    front, back = arrival.facings[1, 0], arrival.facings[3, 0]
    legs = [4.0 - 0.2 - array.positions_m[mic, 0, 1] for mic in (0, 2, 4)]
    ratios = [np.sqrt(0.2 * (leg + 23.8) / (0.2 * (leg + 23.8) + 2 * leg * 23.8)) for leg in legs]
    assert front == pytest.approx(ratios[1] / ratios[0], rel=2e-3)
    assert back == pytest.approx(0.2 * ratios[2] / ratios[0], rel=2e-3)


def test_other_microphones_have_no_effect() -> None:
    motion, array = sampled(Braking(), -0.6, 1.0), receivers(TIMES_S)
    whole = TRUNKS[0].arrive(motion, 0.3, array, SOUND_MPS)
    kept = [1, 3]
    part = replace(
        array,
        positions_m=np.ascontiguousarray(array.positions_m[[0, *(1 + mic for mic in kept)]]),
        facings=np.ascontiguousarray(array.facings[kept]),
    )
    fewer = TRUNKS[0].arrive(motion, 0.3, part, SOUND_MPS)
    rows = [*kept, *(len(FACINGS) + mic for mic in kept)]
    assert np.array_equal(fewer.emitted_s[1:], whole.emitted_s[1:][rows])
    assert np.array_equal(fewer.shifts_s, whole.shifts_s[rows])
    assert np.array_equal(fewer.facings, whole.facings[rows])
