# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Streets of the study: distances of façades, the middle of the audio, and vehicles in the line of sight."""

from __future__ import annotations

import math

import numpy as np
import pytest

from audio_manifold_ros.simulation.drive import Drive
from audio_manifold_ros.simulation.scene import Facade
from training.data.vehicle_arrays import MOVING_MPS
from training.feature_study.study_street import MIDDLE_S, facade_distance_m, study_streets

SEEDS = range(900_000, 900_006)


def wall(start_m: tuple[float, float], end_m: tuple[float, float]) -> Facade:
    return Facade(start_m, end_m, 10.0, 10.0, 0.1, 0.1)


def test_the_nearest_facade_in_a_direction_counts() -> None:
    walls = [wall((10, 7), (-10, 7)), wall((10, 9), (-10, 9)), wall((-10, -6), (-5, -6)), wall((3, -4), (3, 4))]
    origin = np.zeros(2)
    assert facade_distance_m(walls, origin, math.pi / 2) == pytest.approx(7)
    assert facade_distance_m(walls, origin, math.radians(45)) == pytest.approx(3 * math.sqrt(2))
    assert facade_distance_m(walls, origin, -math.pi / 2) is None
    assert facade_distance_m([], origin, 0.0) is None


def test_streets_state_what_is_around_the_middle() -> None:
    for seed, street in zip(SEEDS, study_streets(SEEDS), strict=True):
        drive = Drive(seed, None, 2)
        np.testing.assert_array_equal(street.samples, drive.audio(0, 45_000))
        np.testing.assert_array_equal(street.window(22_500), street.samples[:, 11_250:33_750])
        moving = [one for one in drive.vehicles(MIDDLE_S) if one.speed_mps > MOVING_MPS]
        assert set(street.vehicles_rad) <= {one.azimuth_rad for one in moving}
        assert all(distance is None or 1 < distance < 200 for distance in street.facades_m)
