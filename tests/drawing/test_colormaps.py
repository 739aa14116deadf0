# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np

from audio_manifold_ros.drawing.colormaps import colour_depth, colour_spectrogram


def test_depth_darkens_with_distance_and_invalid_is_black() -> None:
    colours = colour_depth(np.array([[2.0, 5.0, 20.0, 79.0, np.nan]], np.float32))[0].astype(int)
    brightness = (colours @ [299, 587, 114]).tolist()
    assert brightness == sorted(brightness, reverse=True)
    assert colours[-1].tolist() == [0, 0, 0]


def test_low_frequencies_are_at_the_bottom() -> None:
    features = np.zeros((4, 3), np.float32)
    features[0] = 1.0
    picture = colour_spectrogram(features, 0.0, 1.0).astype(int).sum(axis=2)
    assert (picture[3] > picture[0]).all()
