# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The top view shows vehicles where they are: ahead is up, left is left, at the scale of the circles."""

from __future__ import annotations

import math

import numpy as np
import pytest

from audio_manifold_ros.common.class_ids import CLASS_COLOURS
from audio_manifold_ros.drawing.top_view import TRUE_RADIUS, draw_top_view
from audio_manifold_ros.networks.vehicle_map import VehiclePosition

SIZE = 400
MIDDLE, PIXELS_PER_M = SIZE // 2, 0.47 * SIZE / 50


def pixels_of(image: np.ndarray, category: str) -> np.ndarray:
    """Return rows and columns (pixel, 2) with the colour of a class."""
    return np.argwhere((image == CLASS_COLOURS[category]).all(axis=2))


@pytest.mark.parametrize(
    ('azimuth_deg', 'ahead_m', 'left_m'), [(0, 30, 0), (90, 0, 30), (-90, 0, -30), (180, -30, 0), (45, 21.2, 21.2)]
)
@pytest.mark.parametrize('is_true', [False, True])
def test_a_vehicle_is_at_its_place_in_its_colour(
    azimuth_deg: float, ahead_m: float, left_m: float, *, is_true: bool
) -> None:
    bus = [VehiclePosition('bus', math.radians(azimuth_deg), 30.0)]
    image = draw_top_view(*(([], bus) if is_true else (bus, [])), SIZE)
    row, column = pixels_of(image, 'bus').mean(axis=0)
    assert row == pytest.approx(MIDDLE - ahead_m * PIXELS_PER_M, abs=1)
    assert column == pytest.approx(MIDDLE - left_m * PIXELS_PER_M, abs=1)


def test_a_prediction_is_a_disc_and_the_truth_a_ring_around_it() -> None:
    car = [VehiclePosition('car', 0.3, 25.0)]
    disc, ring, both = (pixels_of(draw_top_view(*shown, SIZE), 'car') for shown in ((car, []), ([], car), (car, car)))
    centre = disc.mean(axis=0)
    assert np.hypot(*(disc - centre).T).max() < np.hypot(*(ring - centre).T).min()
    assert len(both) == len(disc) + len(ring)


def test_the_probability_of_a_prediction_is_next_to_its_disc() -> None:
    likely, unlikely = (VehiclePosition('car', math.pi, 30.0, probability) for probability in (0.93, 0.31))
    first, second = (draw_top_view([car], [], SIZE) for car in (likely, unlikely))
    changed = np.argwhere((first != second).any(axis=2))
    row, column = MIDDLE + 30 * PIXELS_PER_M, MIDDLE
    assert len(changed) > 20
    assert np.abs(changed[:, 0] - row).max() < 10
    assert changed[:, 1].min() > column + TRUE_RADIUS * SIZE
    assert changed[:, 1].max() < column + 100
    assert np.array_equal(draw_top_view([], [likely], SIZE), draw_top_view([], [unlikely], SIZE))


@pytest.mark.parametrize('azimuth_deg', range(0, 360, 45))
def test_a_text_hides_no_vehicle_where_there_is_room(azimuth_deg: int) -> None:
    cars = [VehiclePosition('car', math.radians(azimuth_deg), distance_m) for distance_m in (18.0, 30.0, 49.0)]
    bus = [VehiclePosition('bus', math.radians(azimuth_deg), 24.0)]
    plain = pixels_of(draw_top_view([], [*cars, *bus], SIZE), 'bus')
    assert np.array_equal(pixels_of(draw_top_view(cars, bus, SIZE), 'bus'), plain)


def test_a_vehicle_beyond_the_last_circle_or_without_a_place_is_left_out() -> None:
    empty = draw_top_view([], [], SIZE)
    far = [VehiclePosition('car', 0.0, distance_m) for distance_m in (50.1, math.nan, math.inf)]
    assert np.array_equal(draw_top_view(far, far, SIZE), empty)
    assert empty.shape == (SIZE, SIZE, 3)
