# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np

from audio_manifold_ros.evaluation.metrics.regions import REGION_CLASSES, REGIONS, VEHICLE_DISTANCES_M, region_masks


def test_regions_hold_their_classes_and_no_unlabelled_pixel() -> None:
    masks = region_masks(np.arange(256, dtype=np.uint8)[None])
    ids = {region: np.flatnonzero(mask).tolist() for region, mask in masks.items()}
    assert {region: ids[region] for region in REGION_CLASSES} == {
        'vehicles': list(range(12, 19)),
        'facades': [2, 3, 4],
        'ground': [0, 1, 9],
        'vegetation': [8],
        'terrain': [9],
    }


def test_vehicles_are_divided_by_the_distance_of_each_pixel() -> None:
    labels = np.full((4, 5), 13, np.uint8)
    labels[:, 4] = 2
    depth_m = np.tile(np.array([7.9, 8.0, 19.9, 20.0, 7.0]), (4, 1))
    masks = region_masks(labels, depth_m)
    columns = {name: np.flatnonzero(masks[name][0]).tolist() for name in VEHICLE_DISTANCES_M}
    assert columns == {'vehicles_near': [0], 'vehicles_middle': [1, 2], 'vehicles_far': [3]}
    assert set(masks) == set(REGIONS)


def test_the_pixels_around_a_vehicle_are_those_within_a_twentieth_of_the_image() -> None:
    labels = np.zeros((128, 128), np.uint8)
    labels[40:50, 60:80] = 13
    labels[0, 0] = 17
    expected = np.zeros((128, 128), bool)
    expected[34:56, 54:86] = expected[:7, :7] = True
    expected[labels != 0] = False
    np.testing.assert_array_equal(region_masks(labels)['around_vehicles'], expected)
