# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from audio_manifold_ros.networks.label_encoding import encode_labels

IDS = st.one_of(st.integers(0, 18), st.just(255))


@settings(deadline=None, max_examples=30)
@given(arrays(np.uint8, (2, 3, 4), elements=IDS))
def test_one_hot_separates_classes_and_is_zero_for_unlabelled_pixels(ids: np.ndarray) -> None:
    coded = encode_labels(torch.from_numpy(ids), 'one_hot', 19).numpy()
    assert coded.shape == (2, 19, 3, 4)
    for (image, row, column), value in np.ndenumerate(ids):
        expected = np.zeros(19, dtype=np.float32)
        if value != 255:
            expected[value] = 1
        np.testing.assert_array_equal(coded[image, :, row, column], expected)


@settings(deadline=None, max_examples=30)
@given(arrays(np.uint8, (2, 3, 4), elements=IDS))
def test_grey_is_the_id_over_255(ids: np.ndarray) -> None:
    coded = encode_labels(torch.from_numpy(ids), 'grey', 19).numpy()
    assert coded.dtype == np.float32
    np.testing.assert_allclose(coded, ids[:, None] / 255, rtol=1e-6)
