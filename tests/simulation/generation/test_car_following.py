# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import numpy as np
import pytest

from audio_manifold_ros.simulation.generation.car_following import (
    STEP_S,
    Drivers,
    StopLines,
    drive_lane,
    knot_times_s,
)

STEPS = len(knot_times_s(60.0))


def drivers(starts_m: list[float], speeds_mps: list[float]) -> Drivers:
    return Drivers.sample(np.random.default_rng(1), starts_m, [4.5] * len(starts_m), speeds_mps)


def test_a_free_vehicle_keeps_its_desired_speed() -> None:
    _, speed, acceleration = drive_lane(drivers([0.0], [13.0]), StopLines.none(STEPS))
    assert speed[-1, 0] == pytest.approx(13.0, rel=1e-6)
    assert np.abs(acceleration).max() < 1e-6


def test_vehicles_queue_at_a_red_light_and_leave_at_green() -> None:
    red = (np.arange(STEPS) * STEP_S < 60.0)[:, None]
    place, speed, acceleration = drive_lane(
        drivers([0.0, -20.0, -45.0, -80.0], [14.0, 13.0, 12.0, 15.0]), StopLines(np.array([200.0]), red)
    )
    waiting = round(59.0 / STEP_S)
    assert place[waiting, 0] + 2.25 == pytest.approx(199.0, abs=1.1)
    assert speed[waiting].max() < 0.1
    gaps = place[waiting, :-1] - place[waiting, 1:] - 4.5
    assert gaps.min() > 1.0
    assert gaps.max() < 4.0
    assert (np.diff(place, axis=1).max(axis=1) < -4.5).all()
    assert place[-1, 0] > 300.0
    assert acceleration.min() > -5.0
    assert acceleration.max() < 2.5


def test_a_vehicle_that_cannot_stop_drives_on() -> None:
    red = np.ones((STEPS, 1), dtype=bool)
    place, speed, _ = drive_lane(drivers([0.0], [14.0]), StopLines(np.array([8.0]), red))
    assert speed.min() > 13.0
    assert place[-1, 0] > 500.0


def test_motion_is_constant_acceleration_in_each_step() -> None:
    place, speed, acceleration = drive_lane(
        drivers([0.0, -9.0], [3.0, 14.0]), StopLines.none(STEPS), 3 + 3 * np.sin(np.arange(STEPS) / 40)
    )
    np.testing.assert_allclose(np.diff(speed, axis=0), STEP_S * acceleration[:-1], atol=1e-9)
    np.testing.assert_allclose(np.diff(place, axis=0), STEP_S * (speed[1:] + speed[:-1]) / 2, atol=1e-9)
    assert np.ptp(speed[200:, 1]) > 2.0
