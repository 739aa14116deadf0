# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Frames of the demo without ground truth show the last one."""

from __future__ import annotations

import math

import numpy as np

from audio_manifold_ros.demo.snapshots import GroundTruthHold
from audio_manifold_ros.modalities.modality_images import ModalityImages


def test_the_last_ground_truth_is_held_with_its_age() -> None:
    hold = GroundTruthHold(('depth', 'segmentation'))
    depth, labels = np.ones((2, 2), np.float32), np.ones((2, 2), np.uint8)
    assert hold.update(0.0, None) == (ModalityImages(), {'depth': math.inf, 'segmentation': math.inf})
    hold.update(1.0, ModalityImages(depth, labels))
    images, ages_s = hold.update(1.5, ModalityImages(2 * depth, None))
    assert images.depth_m is not None
    assert images.depth_m[0, 0] == 2
    assert images.labels is labels
    assert ages_s == {'depth': 0.0, 'segmentation': 0.5}
    assert hold.update(3.0, None)[1] == {'depth': 1.5, 'segmentation': 2.0}
