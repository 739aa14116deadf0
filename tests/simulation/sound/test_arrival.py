# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest

from audio_manifold_ros.common.array_types import FloatArray
from audio_manifold_ros.simulation.motion_table import MotionTable
from audio_manifold_ros.simulation.sound.arrival import SampledMotion, arrive
from audio_manifold_ros.simulation.sound.receivers import ReceiverMotion, Receivers
from audio_manifold_ros.simulation.sound.reflection.building_walls import Wall, reflection
from audio_manifold_ros.simulation.trajectory import StraightTrajectory, Trajectory

SOUND_MPS = 343.0
OFFSETS_M = np.array([[0.5, 0.0, 0.0], [0.0, 0.5, 0.1], [-0.5, 0.0, 0.0], [0.0, -0.5, -0.1]])
FACINGS = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]])
TIMES_S = np.arange(0.0, 1.0, 0.00355)


class Braking:
    """Vehicle that brakes from 14 m/s on a curve: position and velocity are closed forms."""

    def position(self, time_s: FloatArray) -> FloatArray:
        t = np.asarray(time_s)
        return np.stack([-30 + 14 * t - 2.5 * t**2, 2.0 + 0.8 * np.sin(1.3 * t), 0 * t], axis=1)

    def velocity(self, time_s: FloatArray) -> FloatArray:
        t = np.asarray(time_s)
        return np.stack([14 - 5 * t, 0.8 * 1.3 * np.cos(1.3 * t), 0 * t], axis=1)

    def acceleration(self, time_s: FloatArray) -> FloatArray:
        t = np.asarray(time_s)
        return np.stack([0 * t - 5, -0.8 * 1.69 * np.sin(1.3 * t), 0 * t], axis=1)

    def heading(self, time_s: FloatArray) -> FloatArray:
        return np.zeros(len(time_s))


def sampled(trajectory: Trajectory, start_s: float, end_s: float) -> SampledMotion:
    return SampledMotion.of_many(MotionTable([trajectory]), [0], start_s, end_s)[0]


def receivers(times_s: FloatArray, speed_mps: float = 9.0) -> ReceiverMotion:
    motion = StraightTrajectory((0.0, -1.5, 0.0), (speed_mps, 0.0, 0.0))
    place = np.array([0.2, 0.0, 1.7])
    return Receivers(motion, lambda times: 0.1 * np.sin(times), place, OFFSETS_M, FACINGS).at(times_s)


@pytest.mark.parametrize(
    'wall', [None, Wall((60.0, 8.0), (-60.0, 8.0), 1.0, 1.0), Wall((40.0, 20.0), (-5.0, 9.0), 1.0, 1.0)]
)
@pytest.mark.parametrize('height_m', [0.05, 0.75])
def test_every_way_has_its_own_length_at_each_microphone(wall: Wall | None, height_m: float) -> None:
    """The emitted sound travels c · τ from the image, above or below the ground, to each microphone."""
    vehicle, array = Braking(), receivers(TIMES_S)
    motion = sampled(vehicle, -0.6, 1.0)
    image = np.eye(2, 3) if wall is None else reflection(wall)
    arrival = arrive(motion, height_m, array, SOUND_MPS, image)
    for row in range(9):
        mic = 0 if row == 0 else 1 + (row - 1) % 4
        place = vehicle.position(arrival.emitted_s[row])
        place[:, :2] = place[:, :2] @ image[:, :2].T + image[:, 2]
        place[:, 2] = -height_m if row > 4 else height_m
        length = np.linalg.norm(place - array.positions_m[mic], axis=1)
        # 0.3 mm are 1 µs.
        assert length == pytest.approx(SOUND_MPS * (TIMES_S - arrival.emitted_s[row]), abs=3e-4)
        assert length == pytest.approx(arrival.distance_m[row], abs=3e-4)


def test_shifts_lead_to_the_sound_that_the_centre_receives_at_another_time() -> None:
    motion = sampled(Braking(), -0.6, 1.1)
    array = receivers(TIMES_S)
    arrival = arrive(motion, 0.3, array, SOUND_MPS)
    inner = slice(5, -5)
    for row in range(8):
        centre = arrive(motion, 0.3, receivers(TIMES_S + 0.0), SOUND_MPS)
        emitted = np.interp(TIMES_S[inner] + arrival.shifts_s[row, inner], TIMES_S, centre.emitted_s[0])
        assert emitted == pytest.approx(arrival.emitted_s[1 + row, inner], abs=1e-7)
