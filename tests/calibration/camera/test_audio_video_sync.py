# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Offset between two clocks from common events."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audio_manifold_ros.calibration.camera.audio_video_sync import estimate_sync_offset
from audio_manifold_ros.common.errors import CalibrationError


@settings(deadline=None, max_examples=40)
@given(st.floats(-5, 5), st.integers(0, 1000), st.integers(0, 6), st.integers(0, 6))
def test_offset_is_found_despite_unmatched_events(offset_s: float, seed: int, video_only: int, audio_only: int) -> None:
    generator = np.random.default_rng(seed)
    claps_s = np.cumsum(generator.uniform(1, 3, 12))
    visual_s = (
        np.concatenate([claps_s + generator.normal(0, 0.003, 12), generator.uniform(0, 30, video_only)]) + offset_s
    )
    audio_s = np.concatenate([claps_s, generator.uniform(0, 30, audio_only)])
    found = estimate_sync_offset(np.sort(visual_s), np.sort(audio_s), 0.0)
    assert found.offset_s == pytest.approx(offset_s, abs=0.005)
    assert len(found.pairs) >= 12
    assert found.std_s < 0.004


def test_too_few_claps_are_refused() -> None:
    with pytest.raises(CalibrationError, match='clap 5 times or more'):
        estimate_sync_offset(np.array([1.0, 2.0, 4.0]), np.array([1.0, 2.0, 4.0]), 0.0)
    with pytest.raises(CalibrationError, match='0 claps were detected'):
        estimate_sync_offset(np.zeros(0), np.array([1.0, 2.0, 4.0]), 0.0)


def test_regular_claps_are_refused() -> None:
    regular = np.array([1.5 * number for number in range(12)])
    with pytest.raises(CalibrationError, match='irregular intervals'):
        estimate_sync_offset(regular, regular[:-1], 0.0)
