# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from typing import Literal

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from audio_manifold_ros.common.errors import NetworkError
from audio_manifold_ros.common.schema import from_plain
from audio_manifold_ros.networks.depth_representation import DepthRepresentation, fill_from_below


@settings(deadline=None, max_examples=30)
@given(st.sampled_from(['log', 'inverse']), st.lists(st.floats(1.0, 80.0), min_size=1, max_size=9))
def test_metres_round_trip(kind: Literal['log', 'inverse'], metres: list[float]) -> None:
    depth = DepthRepresentation(kind=kind)
    image = np.array(metres, dtype=np.float32)[:, None]
    unit = depth.depth_to_unit(image)
    assert unit.dtype == np.float32
    assert unit.min() >= -1e-6
    assert unit.max() <= 1 + 1e-6
    np.testing.assert_allclose(depth.unit_to_depth(unit), image, rtol=1e-4)


def test_equal_ratios_are_equal_steps() -> None:
    unit = DepthRepresentation(near_m=1.0, far_m=16.0).depth_to_unit(np.array([[1.0], [2.0], [4.0], [16.0]]))
    np.testing.assert_allclose(unit[:, 0], [0.0, 0.25, 0.5, 1.0], atol=1e-6)


def test_equal_steps_of_disparity_are_equal_steps_from_near_to_far() -> None:
    depth = DepthRepresentation(near_m=1.0, far_m=4.0, kind='inverse')
    unit = depth.depth_to_unit(np.array([[0.5], [1.0], [1.6], [4.0], [9.0], [np.nan]]))
    assert unit.dtype == np.float32
    np.testing.assert_allclose(unit[:, 0], [1.0, 1.0, 0.5, 0.0, 0.0, 0.0], atol=1e-6)
    metres = depth.unit_to_depth(torch.tensor([-1.0, 0.0, 0.5, 1.0, 2.0]))
    torch.testing.assert_close(metres, torch.tensor([4.0, 4.0, 1.6, 1.0, 1.0]))


def test_arrays_and_tensors_agree_and_are_clipped() -> None:
    depth = DepthRepresentation()
    unit = np.array([-0.5, 0.0, 0.3, 1.0, 1.7], dtype=np.float32)
    metres = depth.unit_to_depth(unit)
    np.testing.assert_allclose(depth.unit_to_depth(torch.from_numpy(unit)).numpy(), metres, rtol=1e-6)
    assert metres[0] == pytest.approx(1.0)
    assert metres[-1] == pytest.approx(80.0)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.lists(st.one_of(st.just(np.nan), st.floats(1, 80)), min_size=3, max_size=3), min_size=1, max_size=7))
def test_invalid_pixels_take_the_nearest_number_below(rows: list[list[float]]) -> None:
    image = np.array(rows, dtype=np.float32)
    filled = fill_from_below(image, 80.0)
    for (row, column), value in np.ndenumerate(filled):
        below = image[row:, column]
        valid = below[~np.isnan(below)]
        assert value == (valid[0] if len(valid) else 80.0)


def test_batches_fill_like_single_images() -> None:
    rng = np.random.default_rng(0)
    images = rng.uniform(1, 80, (5, 6, 7)).astype(np.float32)
    images[rng.uniform(size=images.shape) < 0.5] = np.nan
    np.testing.assert_array_equal(fill_from_below(images, 80.0), [fill_from_below(image, 80.0) for image in images])


@pytest.mark.parametrize(('near_m', 'far_m'), [(0.0, 80.0), (10.0, 10.0), (-1.0, 5.0)])
def test_planes_out_of_order_are_refused(near_m: float, far_m: float) -> None:
    with pytest.raises(NetworkError, match='near_m'):
        DepthRepresentation(near_m=near_m, far_m=far_m)


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(NetworkError, match="kind is 'linear'"):
        from_plain(DepthRepresentation, {'kind': 'linear'}, 'depth', NetworkError)
