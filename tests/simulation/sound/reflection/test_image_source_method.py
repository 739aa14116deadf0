# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest

from audio_manifold_ros.simulation.scene import Facade
from audio_manifold_ros.simulation.sound.reflection.building_walls import Wall, street_walls
from audio_manifold_ros.simulation.sound.reflection.image_source_method import ImagePath, Walls

LEFT = Wall((50.0, 8.0), (-50.0, 8.0), 0.9, 0.8)
RIGHT = Wall((-50.0, -6.0), (50.0, -6.0), 0.9, 0.8)
SOUND_MPS = 343.0


def find(
    walls: tuple[Wall, ...], source: tuple[float, float], velocity_mps: float = 0.0, reach_m: float = 500.0
) -> list[ImagePath]:
    """Return the reflections for an array at the origin, at one second's times."""
    times = np.linspace(0, 1, 30)
    positions = np.array(source) + times[:, None] * [velocity_mps, 0.0]
    velocities = np.full((30, 2), [velocity_mps, 0.0])
    every = np.arange(len(walls))
    return Walls(walls).reflections(positions, velocities, np.zeros((30, 2)), 0.0, SOUND_MPS, (reach_m, reach_m), every)


def test_a_canyon_has_two_single_and_two_double_reflections() -> None:
    """The image of (10, -2) in y = 8 is at y = 18, in y = -6 at -10, and those of the images at 22 ∓ 28 …"""
    images = find((LEFT, RIGHT), (10.0, -2.0))
    places = sorted(float((image.image[:, :2] @ [10.0, -2.0] + image.image[:, 2])[1]) for image in images)
    assert places == pytest.approx([-30.0, -10.0, 18.0, 26.0])
    gains = {len(image.points_m): image.high_gain for image in images}
    assert gains == pytest.approx({1: 0.8, 2: 0.64})


def test_the_points_of_reflection_are_on_straight_lines_between_the_images() -> None:
    (image,) = (found for found in find((LEFT, RIGHT), (10.0, -2.0)) if found.image[1, 2] < -20)
    # The image at (10, -30) is seen through the right wall at 6/30 of the way, then through the left one at 20/30.
    assert image.points_m[0, 0] == pytest.approx([2.0, -6.0])
    assert image.points_m[1, 0] == pytest.approx([10 * 20 / 30, 8.0])
    assert np.all(image.gate == 1)


def test_walls_reflect_only_between_points_on_their_side() -> None:
    assert not find((LEFT,), (0.0, 12.0))
    assert not find((Wall(LEFT.end_m, LEFT.start_m, 1.0, 1.0),), (10.0, -2.0))


def test_a_wall_across_the_road_reflects_like_one_along_it() -> None:
    (image,) = find((Wall((20.0, -5.0), (20.0, 5.0), 1.0, 1.0),), (6.0, 1.0))
    assert image.image[:, :2] @ [6.0, 1.0] + image.image[:, 2] == pytest.approx([34.0, 1.0])


def test_a_moving_source_opens_a_wall_at_the_time_of_emission() -> None:
    """Source 10 m and microphones 8 m from the wall: the reflection is at 4/9 of the distance at emission."""
    wall = Wall((30.0, 8.0), (10.0, 8.0), 1.0, 1.0)
    (image,) = find((wall,), (15.0, -2.0), 20.0)
    times = np.linspace(0, 1, 30)
    delays = np.zeros(30)
    for _ in range(8):
        delays = np.hypot(15 + 20 * (times - delays), 18.0) / SOUND_MPS
    specular = (15 + 20 * (times - delays)) * 8 / 18
    assert image.gate[(specular > 10.5) & (specular < 29.5)] == pytest.approx(1.0)
    assert image.gate[specular < 9.5] == pytest.approx(0.0)


def test_too_long_paths_are_left_out() -> None:
    assert not find((LEFT,), (10.0, -2.0), reach_m=20.0)


def test_a_building_reflects_with_all_walls_that_no_neighbour_covers() -> None:
    first = Facade.along_x(1, 8.0, (0.0, 20.0), 10.0, 12.0, 0.1, 0.2)
    second = Facade.along_x(1, 8.0, (20.0, 40.0), 10.0, 12.0, 0.1, 0.2)
    assert len(street_walls((first,))) == 4
    assert len(street_walls((first, second))) == 6
