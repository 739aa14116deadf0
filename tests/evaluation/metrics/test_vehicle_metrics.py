# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math

import pytest

from audio_manifold_ros.evaluation.metrics.vehicle_metrics import angle_between, match_vehicles, vehicle_scores
from audio_manifold_ros.networks.vehicle_map import VehiclePosition


def vehicle(degrees: float, distance_m: float, probability: float = 1.0, category: str = 'car') -> VehiclePosition:
    return VehiclePosition(category, math.radians(degrees), distance_m, probability)


def test_the_truth_scores_one_within_each_distance() -> None:
    truth = [vehicle(0, 5), vehicle(175, 18), vehicle(-90, 40)]
    scores = vehicle_scores([(truth, truth), ([], [])])
    assert [score.vehicles for score in scores] == [1, 2, 2, 3]
    assert all(score.average_precision == score.direction_precision == 1 for score in scores)


def test_average_precision_is_that_of_a_list_by_hand() -> None:
    truth = [vehicle(0, 10), vehicle(90, 10)]
    # A hit, a false alarm, a hit: precision 1 at recall 1/2, and 2/3 at recall 1.
    found = [vehicle(3, 11, 0.9), vehicle(45, 10, 0.8), vehicle(93, 9, 0.7)]
    (score,) = vehicle_scores([(found, truth)], (20.0,))
    assert score.average_precision == pytest.approx(0.5 + 0.5 * 2 / 3)


def test_a_hit_needs_direction_and_distance_and_is_counted_once() -> None:
    truth = [vehicle(179, 10)]
    found = [vehicle(-179, 15, 0.9), vehicle(178, 10, 0.8)]
    (score,) = vehicle_scores([(found, truth)], (20.0,))
    assert score.average_precision == pytest.approx(0.5)
    # The first is in the right direction. The second repeats it.
    assert score.direction_precision == pytest.approx(1.0)
    assert vehicle_scores([([vehicle(0, 10)], truth)], (20.0,))[0].average_precision == 0


def test_far_vehicles_neither_help_nor_harm_within_a_smaller_distance() -> None:
    truth, found = [vehicle(0, 8), vehicle(90, 11)], [vehicle(0, 8, 0.5), vehicle(90, 9.5, 0.9)]
    (score,) = vehicle_scores([(found, truth)], (10.0,))
    assert score.average_precision == 1


def test_classes_count_on_request_and_no_vehicles_have_no_score() -> None:
    pair = ([vehicle(0, 10, category='truck')], [vehicle(0, 10)])
    assert vehicle_scores([pair], (20.0,))[0].average_precision == 1
    assert vehicle_scores([pair], (20.0,), any_class=False)[0].average_precision == 0
    assert math.isnan(vehicle_scores([([], [])], (20.0,))[0].average_precision)


def test_angles_close_over_the_circle() -> None:
    assert angle_between(math.radians(-179), math.radians(178)) == pytest.approx(math.radians(3))


def test_standing_vehicles_are_neither_hits_nor_false() -> None:
    standing = VehiclePosition('car', 0.0, 10.0, is_moving=False)
    moving = VehiclePosition('car', 2.0, 10.0)
    found = [VehiclePosition('car', 0.0, 10.0, 0.9), VehiclePosition('car', 2.0, 10.0, 0.5)]
    (score,) = vehicle_scores([(found, [standing, moving])], [50.0])
    assert (score.average_precision, score.vehicles) == (1.0, 1)


def test_vehicles_are_matched_once_by_direction_and_the_nearest_distance() -> None:
    truth = [VehiclePosition('car', 0.0, 10.0), VehiclePosition('car', 0.05, 30.0), VehiclePosition('bus', 2.0, 5.0)]
    near, far = VehiclePosition('car', 0.02, 12.0, 0.4), VehiclePosition('car', 0.02, 25.0, 0.9)
    assert match_vehicles([near, far], truth) == [near, far, None]
