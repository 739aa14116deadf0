# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Image regions that scores are reported for: vehicles, façades and ground."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.array_types import Mask
from audio_manifold_ros.common.class_ids import CLASS_NAMES

REGION_CLASSES = {
    'vehicles': ('rider', 'car', 'truck', 'bus', 'train', 'motorcycle', 'bicycle'),
    'facades': ('building', 'wall', 'fence'),
    'ground': ('road', 'sidewalk', 'terrain'),
}


def class_table(names: tuple[str, ...]) -> Mask:
    """Return a table, bool (256,), that is true for the ids of the named classes."""
    table = np.zeros(256, dtype=np.bool_)
    table[[CLASS_NAMES.index(name) for name in names]] = True
    return table


_REGION_TABLES = {region: class_table(names) for region, names in REGION_CLASSES.items()}


def region_masks(labels: NDArray[np.uint8]) -> dict[str, Mask]:
    """Return for each region a mask of its pixels in the ground-truth labels, bool of the same shape."""
    return {region: table[labels] for region, table in _REGION_TABLES.items()}
