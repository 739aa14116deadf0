# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Linear interpolation with half-pixel centres, against OpenCV and torch."""

from __future__ import annotations

import math
from fractions import Fraction

import cv2
import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from audio_manifold_ros.features.interpolation import resize, resize_matrix
from audio_manifold_ros.features.spec import Resize

sizes = st.integers(1, 90)
ways: st.SearchStrategy[Resize] = st.sampled_from(('linear', 'nearest'))


@settings(deadline=None, max_examples=60)
@given(sizes, sizes, sizes, sizes)
def test_equals_opencv_and_torch(rows: int, columns: int, height: int, width: int) -> None:
    image = np.random.default_rng(rows * 97 + columns).standard_normal((rows, columns)).astype(np.float32)
    resized = resize(image, height, width)
    assert resized.dtype == np.float32
    np.testing.assert_allclose(resized, cv2.resize(image, (width, height)).reshape(height, width), atol=1e-4)
    in_torch = torch.nn.functional.interpolate(torch.from_numpy(image)[None, None], (height, width), mode='bilinear')
    np.testing.assert_allclose(resized, in_torch[0, 0].numpy(), atol=1e-4)


def test_half_the_size_is_the_mean_of_pairs() -> None:
    values = np.random.default_rng(0).standard_normal((3, 256)).astype(np.float32)
    np.testing.assert_allclose(values @ resize_matrix(256, 128), values.reshape(3, 128, 2).mean(-1), atol=1e-6)


@settings(deadline=None, max_examples=30)
@given(sizes, sizes, ways)
def test_a_constant_stays(size: int, new_size: int, mode: Resize) -> None:
    np.testing.assert_allclose(resize_matrix(size, new_size, mode).sum(axis=0), 1.0, atol=1e-6)
    np.testing.assert_array_equal(resize_matrix(size, size, mode), np.eye(size, dtype=np.float32))


@settings(deadline=None, max_examples=60)
@given(sizes, sizes)
def test_the_nearest_pixel_is_the_one_in_which_the_new_one_starts(size: int, new_size: int) -> None:
    picked = np.arange(size, dtype=np.float32) @ resize_matrix(size, new_size, 'nearest')
    assert picked.tolist() == [math.floor(Fraction(pixel * size, new_size)) for pixel in range(new_size)]


@settings(deadline=None, max_examples=20)
@given(sizes, sizes, ways)
def test_an_image_of_the_same_size_is_unchanged(rows: int, columns: int, mode: Resize) -> None:
    image = np.ones((2, rows, columns), dtype=np.float32)
    assert resize(image, rows, columns, mode) is image
