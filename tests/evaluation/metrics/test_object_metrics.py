# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Cars at given positions: found, missed, false, and their errors."""

from __future__ import annotations

import math
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from audio_manifold_ros.evaluation.metrics.object_metrics import (
    MAX_ANGLE_DEG,
    ImageObject,
    ObjectMetrics,
    extract_objects,
    match_objects,
)
from audio_manifold_ros.rig.camera import CameraModel

CAMERA = CameraModel(128, 128, 53.7024, 137.2484, 63.5, 63.5)
CAR, BUS = 13, 15
Box = tuple[int, int, int, int]


def _street(*cars: tuple[Box, float], class_id: int = CAR) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Boxes (first row, end row, first column, end column) at a distance."""
    labels, depth_m = np.zeros((128, 128), np.uint8), np.full((128, 128), 30, np.float32)
    for (top, bottom, left, right), distance_m in cars:
        labels[top:bottom, left:right], depth_m[top:bottom, left:right] = class_id, distance_m
    return labels, depth_m


def _scored(true: list[ImageObject], predicted: list[ImageObject]) -> dict[str, float]:
    found = ObjectMetrics()
    found.add(true, predicted)
    return found.result()


def _at(azimuth_deg: float, distance_m: float = 10.0, area_fraction: float = 0.01) -> ImageObject:
    angle = math.radians(azimuth_deg)
    return ImageObject((math.sin(angle), 0.0, math.cos(angle)), distance_m, area_fraction)


def test_the_direction_of_a_region_follows_the_camera() -> None:
    labels, depth_m = _street(((60, 70, 20, 40), 12.0), ((60, 66, 100, 104), 25.0))
    left, right = sorted(extract_objects(labels, depth_m, 'cars', CAMERA), key=lambda seen: seen.azimuth_deg)
    assert left.azimuth_deg == pytest.approx(math.degrees(math.atan((29.5 - 63.5) / 53.7024)))
    assert right.azimuth_deg == pytest.approx(math.degrees(math.atan((101.5 - 63.5) / 53.7024)))
    assert left.ray[1] / left.ray[2] == pytest.approx((64.5 - 63.5) / 137.2484)
    assert (left.distance_m, right.distance_m) == (12.0, 25.0)
    assert (left.area_fraction, right.area_fraction) == (200 / 128**2, 24 / 128**2)


def test_the_size_of_the_image_does_not_matter() -> None:
    labels, depth_m = _street(((60, 70, 20, 40), 12.0))
    (seen,) = extract_objects(labels, depth_m, 'cars', CAMERA)
    twice = (image.repeat(2, axis=0).repeat(2, axis=1) for image in (labels, depth_m))
    (larger,) = extract_objects(*twice, 'cars', CAMERA)
    assert larger.ray == pytest.approx(seen.ray)
    assert larger.area_fraction == seen.area_fraction


def test_corners_touch_and_vehicles_are_more_than_cars() -> None:
    labels, depth_m = _street(((40, 50, 40, 50), 9.0), ((50, 60, 50, 60), 9.0))
    assert len(extract_objects(labels, depth_m, 'cars', CAMERA)) == 1
    bus, bus_m = _street(((40, 50, 40, 50), 9.0), class_id=BUS)
    assert extract_objects(bus, bus_m, 'cars', CAMERA) == []
    assert len(extract_objects(bus, bus_m, 'vehicles', CAMERA)) == 1


def test_distance_is_the_median_of_valid_depth() -> None:
    labels, depth_m = _street(((40, 50, 40, 50), 9.0))
    depth_m[40:44, 40:50] = np.nan
    depth_m[49, 40:50] = 70.0
    assert extract_objects(labels, depth_m, 'cars', CAMERA)[0].distance_m == 9.0
    assert math.isnan(extract_objects(labels, None, 'cars', CAMERA)[0].distance_m)
    assert math.isnan(extract_objects(labels, np.full((128, 128), np.nan), 'cars', CAMERA)[0].distance_m)


def test_found_missed_and_false_objects() -> None:
    found = _scored([_at(-30, 10), _at(0, 20), _at(40, 30)], [_at(-27, 12), _at(9, 15), _at(20, 5), _at(-45, 8)])
    assert found['recall'] == pytest.approx(2 / 3)
    assert found['precision'] == pytest.approx(2 / 4)
    assert found['f'] == pytest.approx(4 / 7)
    assert found['azimuth_error_deg'] == pytest.approx((3 + 9) / 2)
    assert found['distance_error'] == pytest.approx((0.2 + 0.25) / 2)
    assert found['recall_nearby'] == 1
    assert (found['true'], found['said']) == (3, 4)


def test_far_objects_are_not_nearby() -> None:
    found = _scored([_at(-30, 10), _at(0, 20.5), _at(40, 20)], [_at(0, 12), _at(41, 60)])
    assert found['recall'] == pytest.approx(2 / 3)
    assert found['recall_nearby'] == 0.5
    assert np.isnan(_scored([_at(0, math.nan)], [_at(0)])['recall_nearby'])


def test_an_object_is_found_once() -> None:
    found = _scored([_at(0)], [_at(1), _at(-1), _at(2)])
    assert (found['recall'], found['precision']) == (1, pytest.approx(1 / 3))
    assert _scored([_at(1), _at(-1)], [_at(0)])['recall'] == 0.5


def test_the_most_pairs_are_matched() -> None:
    # Matching the nearest pair first would leave the other two 16° apart.
    assert sorted(match_objects([_at(0), _at(8)], [_at(7), _at(16)])) == [(0, 0), (1, 1)]


def test_small_ground_truth_regions_are_ignored() -> None:
    small = _at(0, area_fraction=0.0009)
    assert _scored([small], [])['true'] == 0
    hit = _scored([small, _at(40)], [_at(2), _at(41)])
    assert (hit['recall'], hit['precision'], hit['said']) == (1, 1, 1)
    assert _scored([_at(40)], [_at(41), _at(0, area_fraction=0.0009)])['said'] == 1


def test_figures_without_objects_are_nan() -> None:
    found = _scored([], [])
    assert all(math.isnan(found[key]) for key in ('recall', 'precision', 'f', 'azimuth_error_deg', 'distance_error'))
    unranged = _scored([_at(0, math.nan)], [_at(0)])
    assert unranged['recall'] == 1
    assert math.isnan(unranged['distance_error'])


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.integers(-45, 45), min_size=1, max_size=4),
    # Angles avoid the exact maximum, where rounding would decide.
    st.lists(st.integers(-45, 45).map(lambda degrees: degrees + 0.37), min_size=1, max_size=4),
)
def test_matching_equals_an_exhaustive_search(first: list[int], second: list[float]) -> None:
    pairs = match_objects([_at(azimuth) for azimuth in first], [_at(azimuth) for azimuth in second])
    assert len({row for row, _ in pairs}) == len({column for _, column in pairs}) == len(pairs)
    few, many = sorted((first, second), key=len)
    best = (0, 0.0)
    for order in permutations(many, len(few)):
        apart = [abs(a - b) for a, b in zip(few, order, strict=True) if abs(a - b) <= MAX_ANGLE_DEG]
        best = min(best, (-len(apart), sum(apart)))
    assert len(pairs) == -best[0]
    assert sum(abs(first[row] - second[column]) for row, column in pairs) == pytest.approx(best[1], abs=1e-4)
