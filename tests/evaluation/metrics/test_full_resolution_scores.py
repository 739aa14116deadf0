# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np

from audio_manifold_ros.evaluation.metrics.full_resolution_scores import resize_depth_bilinear


def test_depth_is_interpolated_bilinearly_and_nan_counts_as_80_m() -> None:
    slope = np.tile(np.arange(8, dtype=np.float32), (4, 1))
    found = resize_depth_bilinear(slope, 4, 16)
    np.testing.assert_allclose(found[0, 1:-1], (np.arange(1, 15) - 0.5) / 2, atol=1e-5)
    assert (resize_depth_bilinear(np.full((2, 2), np.nan), 4, 4) == 80).all()
