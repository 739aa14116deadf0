# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Sliding windows contain the samples of the stream. Their availability is tested with the streaming features."""

from __future__ import annotations

import numpy as np
import pytest

from audio_manifold_ros.common.errors import FeatureError
from audio_manifold_ros.features.sliding_windows import HISTORY_WINDOWS, SlidingWindows
from audio_manifold_ros.features.spec import FeatureSpec

SPEC = FeatureSpec(window_samples=1500, n_fft=256, hop_samples=64, win_samples=256, mel_bands=24, height=12, width=20)


@pytest.mark.parametrize('block', [1, 63, 64, 1000, 9000])
def test_windows_are_the_samples(block: int) -> None:
    audio = np.random.default_rng(0).standard_normal((2, 3500)).astype(np.float32)
    windows, found = SlidingWindows(SPEC, 2), np.empty((2, 1500), dtype=np.float32)
    for first in range(0, 3500, block):
        windows.push(audio[:, first : first + block], 100 + first)
        newest = windows.newest_window_end
        if newest is not None:
            assert (newest - 100) % 64 == 0
            for end in (newest, max(newest - HISTORY_WINDOWS * 64, 1636)):
                windows.copy_window(end, found)
                np.testing.assert_array_equal(found, audio[:, end - 1600 : end - 100])
    assert windows.newest_window_end == 100 + 3500 // 64 * 64


def test_no_window_spans_a_gap_or_a_reset() -> None:
    windows, found = SlidingWindows(SPEC, 1), np.empty((1, 1500), dtype=np.float32)
    windows.push(np.zeros((1, 1600), dtype=np.float32), 0)
    assert windows.newest_window_end == 1600
    windows.push(np.zeros((1, 1535), dtype=np.float32), 1601)
    assert windows.newest_window_end is None
    windows.push(np.ones((1, 1), dtype=np.float32), 3136)
    assert windows.newest_window_end == 3137
    windows.copy_window(3137, found)
    assert found.sum() == 1
    windows.reset()
    assert windows.newest_window_end is None
    with pytest.raises(FeatureError, match='No window ends at sample 3137'):
        windows.copy_window(3137, found)
