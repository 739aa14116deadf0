# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The classes of the segmentation (Cityscapes train ids): names, colours, and the regions that scores are given for."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

UNLABELLED = 255
CLASS_COLOURS = {
    'road': (128, 64, 128),
    'sidewalk': (244, 35, 232),
    'building': (70, 70, 70),
    'wall': (102, 102, 156),
    'fence': (190, 153, 153),
    'pole': (153, 153, 153),
    'traffic light': (250, 170, 30),
    'traffic sign': (220, 220, 0),
    'vegetation': (107, 142, 35),
    'terrain': (152, 251, 152),
    'sky': (70, 130, 180),
    'person': (220, 20, 60),
    'rider': (255, 0, 0),
    'car': (0, 0, 142),
    'truck': (0, 0, 70),
    'bus': (0, 60, 100),
    'train': (0, 80, 100),
    'motorcycle': (0, 0, 230),
    'bicycle': (119, 11, 32),
}
CLASS_NAMES = tuple(CLASS_COLOURS)
SKY = CLASS_NAMES.index('sky')
REGION_CLASSES = {
    'vehicles': ('rider', 'car', 'truck', 'bus', 'train', 'motorcycle', 'bicycle'),
    'facades': ('building', 'wall', 'fence'),
    'ground': ('road', 'sidewalk', 'terrain'),
}


def class_table(names: tuple[str, ...]) -> NDArray[np.bool_]:
    """Return which of the ids 0 to 255 are among the named classes, bool (256,)."""
    table = np.zeros(256, dtype=np.bool_)
    table[[CLASS_NAMES.index(name) for name in names]] = True
    return table


_REGION_TABLES = {region: class_table(names) for region, names in REGION_CLASSES.items()}


def region_masks(labels: NDArray[np.uint8]) -> dict[str, NDArray[np.bool_]]:
    """Return for each region which pixels of the true labels belong to it, bool of the same shape."""
    return {region: table[labels] for region, table in _REGION_TABLES.items()}
