# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np

from audio_manifold_ros.evaluation.metrics.regions import region_masks


def test_regions_hold_their_classes_and_no_unlabelled_pixel() -> None:
    masks = region_masks(np.arange(256, dtype=np.uint8))
    ids = {region: np.flatnonzero(mask).tolist() for region, mask in masks.items()}
    assert ids == {'vehicles': list(range(12, 19)), 'facades': [2, 3, 4], 'ground': [0, 1, 9]}
