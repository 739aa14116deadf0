# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np

from audio_manifold_ros.simulation.motion_table import MotionTable
from audio_manifold_ros.simulation.street import make_street
from audio_manifold_ros.simulation.trajectory import StraightTrajectory

TIMES_S = np.array([-2.0, -0.97, 0.0, 0.333, 2.95, 9.0])


class Swinging:
    """Trajectory of another class."""

    def position(self, time_s: np.ndarray) -> np.ndarray:
        return np.stack([np.sin(time_s), np.cos(time_s), 0 * time_s], axis=1)

    def velocity(self, time_s: np.ndarray) -> np.ndarray:
        return np.stack([np.cos(time_s), -np.sin(time_s), 0 * time_s], axis=1)

    def acceleration(self, time_s: np.ndarray) -> np.ndarray:
        return -self.position(time_s)

    def heading(self, time_s: np.ndarray) -> np.ndarray:
        return -time_s


def test_the_table_equals_each_trajectory_for_all_classes_and_times() -> None:
    street = make_street(3, 2.0)
    motions = [vehicle.trajectory for vehicle in street.vehicles]
    motions += [Swinging(), StraightTrajectory((0.0, 1.0, 0.0), (3.0, -4.0, 0.0))]
    table = MotionTable(motions)
    chosen = [len(motions) - 2, 0, len(motions) - 1, 5]
    for indices, found in ((range(len(motions)), table.at(TIMES_S)), (chosen, table.at(TIMES_S, chosen))):
        for row, index in enumerate(indices):
            np.testing.assert_allclose(found.positions_m[row], motions[index].position(TIMES_S), atol=1e-9)
            np.testing.assert_allclose(found.velocities_mps[row], motions[index].velocity(TIMES_S), atol=1e-9)
            np.testing.assert_allclose(found.headings_rad[row], motions[index].heading(TIMES_S), atol=1e-12)


def test_an_empty_table_has_no_motions() -> None:
    assert MotionTable([]).at(TIMES_S).positions_m.shape == (0, len(TIMES_S), 3)


def test_poses_are_the_motion_at_one_time() -> None:
    motions = [Swinging(), StraightTrajectory((1.0, 2.0, 0.0), heading_rad=0.4)]
    expected = [[np.sin(0.5), np.cos(0.5), -0.5, np.cos(0.5), -np.sin(0.5)], [1.0, 2.0, 0.4, 0.0, 0.0]]
    np.testing.assert_allclose(MotionTable(motions).poses(0.5), expected, atol=1e-12)
