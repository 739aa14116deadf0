# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The banded product against the dense one."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from audio_manifold_ros.features.banded_matrix import BandedMatrix


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 300), st.floats(0.0, 1.0), st.integers(0, 2**32 - 1))
def test_equals_the_dense_product(rows: int, columns: int, block_values: int, density: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    matrix = np.where(rng.random((rows, columns)) < density, rng.standard_normal((rows, columns)), 0.0)
    matrix = matrix.astype(np.float32)
    left = rng.standard_normal((7, rows)).astype(np.float32)
    out = np.full((7, columns), np.nan, dtype=np.float32)
    banded = BandedMatrix(matrix, block_values)
    assert banded.product(left, out=out) is out
    np.testing.assert_allclose(out, left @ matrix, atol=1e-4)
    np.testing.assert_array_equal(banded.product(left), out)
