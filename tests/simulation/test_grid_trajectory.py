# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import numpy as np

from audio_manifold_ros.simulation.grid_trajectory import GridTrajectory

KNOTS_S = np.arange(-1.0, 3.01, 0.1)
TIMES_S = np.array([-0.97, 0.0, 0.333, 2.95])


def braking() -> GridTrajectory:
    """Return a vehicle at 9 m/s that brakes at 2 m/s²."""
    along = np.array([0.6, 0.8, 0.0])
    positions = (9 * KNOTS_S - KNOTS_S**2)[:, None] * along
    return GridTrajectory(
        positions,
        (9 - 2 * KNOTS_S)[:, None] * along,
        np.tile(-2 * along, (len(KNOTS_S), 1)),
        np.full(len(KNOTS_S), np.arctan2(0.8, 0.6)),
        -1.0,
        0.1,
    )


def test_constant_acceleration_is_exact_between_knots() -> None:
    motion = braking()
    along = np.array([0.6, 0.8, 0.0])
    np.testing.assert_allclose(motion.position(TIMES_S), (9 * TIMES_S - TIMES_S**2)[:, None] * along, atol=1e-12)
    np.testing.assert_allclose(motion.velocity(TIMES_S), (9 - 2 * TIMES_S)[:, None] * along, atol=1e-12)
    np.testing.assert_allclose(motion.acceleration(TIMES_S), np.tile(-2 * along, (4, 1)), atol=1e-12)


def test_motion_is_uniform_beyond_the_knots() -> None:
    motion = braking()
    late = motion.position(np.array([3.0, 5.0]))
    np.testing.assert_allclose(late[1] - late[0], 2 * 3.0 * np.array([0.6, 0.8, 0.0]), atol=1e-9)
    np.testing.assert_array_equal(motion.acceleration(np.array([-2.0, 5.0])), 0.0)
