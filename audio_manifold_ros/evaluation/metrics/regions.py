# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Image regions that scores are reported for: classes, vehicles by distance, and pixels around vehicles."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.array_types import Mask
from audio_manifold_ros.common.class_ids import CLASS_NAMES

VEHICLES, AROUND_VEHICLES = 'vehicles', 'around_vehicles'
REGION_CLASSES = {
    VEHICLES: ('rider', 'car', 'truck', 'bus', 'train', 'motorcycle', 'bicycle'),
    'facades': ('building', 'wall', 'fence'),
    'ground': ('road', 'sidewalk', 'terrain'),
    'vegetation': ('vegetation',),
    'terrain': ('terrain',),
}
# Depth of a pixel of a vehicle in metres: the lower limit is included.
VEHICLE_DISTANCES_M = {
    'vehicles_near': (0.0, 8.0),
    'vehicles_middle': (8.0, 20.0),
    'vehicles_far': (20.0, math.inf),
}
REGIONS = (*REGION_CLASSES, *VEHICLE_DISTANCES_M, AROUND_VEHICLES)
# Distance to a vehicle as a fraction of the image: 6 pixels of 128.
AROUND_FRACTION = 0.05


def class_table(names: tuple[str, ...]) -> Mask:
    """Return a table, bool (256,), that is true for the ids of the named classes."""
    table = np.zeros(256, dtype=np.bool_)
    table[[CLASS_NAMES.index(name) for name in names]] = True
    return table


_REGION_TABLES = {region: class_table(names) for region, names in REGION_CLASSES.items()}


def region_masks(labels: NDArray[np.uint8], depth_m: NDArray[np.floating[Any]] | None = None) -> dict[str, Mask]:
    """Return for each region a mask of its pixels in the ground truth, bool of the shape of the labels.

    Args:
        labels: uint8 (row, column), class ids of the ground truth.
        depth_m: Its depth in metres, of the same shape. Without it vehicles are not divided by distance.

    """
    masks = {region: table[labels] for region, table in _REGION_TABLES.items()}
    vehicles = masks[VEHICLES]
    if depth_m is not None:
        for region, (near_m, far_m) in VEHICLE_DISTANCES_M.items():
            masks[region] = vehicles & (depth_m >= near_m) & (depth_m < far_m)
    masks[AROUND_VEHICLES] = _around(vehicles)
    return masks


def _around(mask: Mask) -> Mask:
    """Return the pixels outside a mask that are at most `AROUND_FRACTION` of the image away from it."""
    if not mask.any():
        return np.zeros_like(mask)
    import cv2

    kernel = np.ones([2 * round(AROUND_FRACTION * size) + 1 for size in mask.shape], dtype=np.uint8)
    near: Mask = np.logical_and(cv2.dilate(mask.view(np.uint8), kernel).astype(bool), ~mask)
    return near
