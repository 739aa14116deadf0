# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np

from audio_manifold_ros.evaluation.metrics.image_resize import resize_depth_bilinear, resize_nearest


def test_sampling_takes_pixels_that_are_there() -> None:
    image = np.arange(12, dtype=np.uint8).reshape(3, 4)
    assert resize_nearest(image, 3, 4) is image
    np.testing.assert_array_equal(resize_nearest(image, 6, 8), image.repeat(2, axis=0).repeat(2, axis=1))
    np.testing.assert_array_equal(resize_nearest(image.repeat(3, axis=0).repeat(3, axis=1), 3, 4), image)


def test_depth_is_enlarged_between_pixels_and_nan_is_far() -> None:
    slope = np.tile(np.arange(8, dtype=np.float32), (4, 1))
    found = resize_depth_bilinear(slope, 4, 16)
    np.testing.assert_allclose(found[0, 1:-1], (np.arange(1, 15) - 0.5) / 2, atol=1e-5)
    assert (resize_depth_bilinear(np.full((2, 2), np.nan), 4, 4) == 80).all()
