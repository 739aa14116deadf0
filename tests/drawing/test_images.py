# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from audio_manifold_ros.common.errors import DrawingError
from audio_manifold_ros.drawing.images import TEXT, save_png, scale_with_sharp_edges, write_text


def test_a_saved_image_is_read_back_unchanged(tmp_path: Path) -> None:
    image = np.random.default_rng(0).integers(0, 256, (30, 40, 3), dtype=np.uint8)
    save_png(tmp_path / 'image.png', image)
    np.testing.assert_array_equal(cv2.imread(str(tmp_path / 'image.png'))[..., ::-1], image)
    assert [path.name for path in tmp_path.iterdir()] == ['image.png']
    with pytest.raises(DrawingError, match='absent'):
        save_png(tmp_path / 'absent' / 'image.png', image)


def test_text_is_as_wide_as_reported() -> None:
    image = np.zeros((40, 300, 3), np.uint8)
    width = write_text(image, 'depth', (10, 30), TEXT, 0.5)
    columns = np.flatnonzero(image.any(axis=(0, 2)))
    assert 10 <= columns[0] <= 14
    assert columns[-1] <= 10 + width + 1


def test_scaling_keeps_the_colours_of_large_areas() -> None:
    image = np.zeros((8, 8, 3), np.uint8)
    image[:, 4:] = (0, 0, 142)
    scaled = scale_with_sharp_edges(image, 80, 40)
    assert scaled.shape == (40, 80, 3)
    assert (scaled[:, :38] == 0).all()
    assert (scaled[:, 42:] == (0, 0, 142)).all()
