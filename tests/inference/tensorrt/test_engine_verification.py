# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from audio_manifold_ros.common.errors import InferenceError
from audio_manifold_ros.inference.bundle.bundle import Bundle
from audio_manifold_ros.inference.tensorrt.engine_metadata import VerificationResult
from audio_manifold_ros.inference.tensorrt.engine_verification import require_equal_outputs, simulate_windows


@pytest.mark.parametrize('change', [{'depth': 0.02}, {'segmentation': 0.02}, {'depth': float('nan')}])
def test_an_engine_with_other_outputs_is_refused(change: dict[str, float]) -> None:
    same = VerificationResult(16, {'depth': 0.0, 'segmentation': 0.0}, 40, 9, 1.0, 1.0)
    require_equal_outputs(same, 'fp16')
    with pytest.raises(InferenceError, match=r'more than 1\.0%: it is not used'):
        require_equal_outputs(replace(same, changes={**same.changes, **change}), 'fp16')


def test_the_windows_are_streets_recorded_by_the_array_of_the_bundle(bundle: Bundle) -> None:
    windows = simulate_windows(bundle.manifest, 2)
    assert windows.shape == (2, 8, 128, 128)
    assert windows.dtype == np.float32
    np.testing.assert_array_equal(windows, simulate_windows(bundle.manifest, 2))
    assert windows[0].std() > 0.01
    assert (windows[0] != windows[1]).any()
