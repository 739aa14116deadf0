# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import numpy as np
import pytest

from audio_manifold_ros.simulation.ground_casting import road_offset
from audio_manifold_ros.simulation.road_axis import RoadAxis

BEND = RoadAxis((-40.0, 20.0, 20.0 + 50 * np.pi), (1 / 200, 0.0, 1 / 100, 0.0))


def test_a_quarter_circle_has_the_expected_end() -> None:
    (x, y), heading = BEND.to_world(np.array(20.0 + 50 * np.pi))
    assert (x, y, heading) == pytest.approx((120.0, 100.0, np.pi / 2))
    (x, y), _ = BEND.to_world(np.array(20.0 + 50 * np.pi), 5.0)
    assert (x, y) == pytest.approx((115.0, 100.0))


def test_the_origin_has_the_direction_of_x() -> None:
    for axis in (BEND, RoadAxis((-300.0, -100.0), (0.0, 0.01, 0.0)), RoadAxis((-10.0, 50.0), (0.0, -0.01, 0.0))):
        position, heading = axis.to_world(np.array(0.0))
        assert (*position, heading) == pytest.approx((0.0, 0.0, 0.0))


def test_stations_are_lengths_along_the_road() -> None:
    stations = np.arange(-200.0, 300.0, 0.5)
    position, heading = BEND.to_world(stations)
    steps = np.diff(position, axis=0)
    np.testing.assert_allclose(np.linalg.norm(steps, axis=1), 0.5, atol=1e-4)
    np.testing.assert_allclose(np.arctan2(steps[:, 1], steps[:, 0]), (heading[1:] + heading[:-1]) / 2, atol=2e-3)


@pytest.mark.parametrize('station', [-150.0, -60.0, 0.0, 60.0, 140.0, 200.0])
@pytest.mark.parametrize('offset', [-9.0, 0.5, 12.0])
def test_the_offset_of_a_point_is_found(station: float, offset: float) -> None:
    (x, y), _ = BEND.to_world(np.array(station), offset)
    assert road_offset(BEND.pieces, float(x), float(y)) == pytest.approx(offset, abs=1e-9)
