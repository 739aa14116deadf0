# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import math

import numpy as np
import pytest

from audio_manifold_ros.rig.rotation import rotation_matrix
from audio_manifold_ros.rig.transform_chain import Pose
from audio_manifold_ros.robot_outputs.obstacle_grid import GridSettings, ObstacleGrid
from audio_manifold_ros.robot_outputs.obstacle_scan import ObstacleScan

SETTINGS = GridSettings(size_m=40.0, resolution_m=0.5, decay_s=0.5)
SECOND_NS = 1_000_000_000


def make_scan(ranges_m: list[float]) -> ObstacleScan:
    values = np.array(ranges_m, np.float32)
    return ObstacleScan(-0.5, 1.0 / (len(values) - 1), 30.0, values)


def make_grid(yaw: float = 0.0) -> ObstacleGrid:
    rotation = rotation_matrix((0.0, 0.0, yaw)) @ rotation_matrix((-math.pi / 2, 0.0, -math.pi / 2))
    return ObstacleGrid(SETTINGS, Pose(rotation, np.array([1.0, 0.0, 1.5])))


def cell(grid: ObstacleGrid, values: np.ndarray, x_m: float, y_m: float) -> int:
    index = [math.floor((value - grid.origin_m) / SETTINGS.resolution_m) for value in (y_m, x_m)]
    return int(values[index[0], index[1]])


@pytest.mark.parametrize('yaw', [0.0, 2.0, -3.0])
def test_an_obstacle_is_occupied_and_the_space_before_it_free(yaw: float) -> None:
    grid = make_grid(yaw)
    for step in range(5):
        values = grid.update(make_scan([10.0] * 101), step * SECOND_NS // 30)
    ahead = np.array([math.cos(yaw), math.sin(yaw)])

    def at(distance_m: float) -> int:
        return cell(grid, values, *(np.array([1.0, 0.0]) + distance_m * ahead))

    assert at(10.0) > 80
    assert 0 <= at(5.0) < 30
    # The error of a correct pixel is up to 25 %: the last part is not cleared. Behind the obstacle nothing is known.
    assert [at(9.0), at(12.0), at(-3.0)] == [-1, -1, -1]


def test_free_beams_clear_and_unknown_beams_do_not() -> None:
    grid = make_grid()
    values = grid.update(make_scan([math.nan] * 50 + [math.inf] * 51), 0)
    assert cell(grid, values, 10.0, 3.0) < 50
    assert cell(grid, values, 10.0, 3.0) >= 0
    assert cell(grid, values, 10.0, -3.0) == -1


def test_evidence_decays_and_is_dropped_when_time_goes_back() -> None:
    grid = make_grid()
    unknown = make_scan([math.nan] * 101)
    first = grid.update(make_scan([10.0] * 101), 0)
    later = grid.update(unknown, SECOND_NS // 5)
    gone = grid.update(unknown, 3 * SECOND_NS)
    assert cell(grid, first, 11.0, 0.0) > cell(grid, later, 11.0, 0.0) > 50
    assert np.all(gone == -1)
    grid.update(make_scan([10.0] * 101), 4 * SECOND_NS)
    assert np.all(grid.update(unknown, 0) == -1)
