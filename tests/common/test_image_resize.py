# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np

from audio_manifold_ros.common.image_resize import resize_nearest


def test_every_value_of_the_result_is_a_value_of_the_image() -> None:
    image = np.arange(12, dtype=np.uint8).reshape(3, 4)
    assert resize_nearest(image, 3, 4) is image
    np.testing.assert_array_equal(resize_nearest(image, 6, 8), image.repeat(2, axis=0).repeat(2, axis=1))
    np.testing.assert_array_equal(resize_nearest(image.repeat(3, axis=0).repeat(3, axis=1), 3, 4), image)
