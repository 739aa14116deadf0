# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import numpy as np
import pytest

from audio_manifold_ros.simulation.sound.microphones import (
    GAIN_TOLERANCE_DB,
    HIGH_OMNI,
    Microphones,
    directivity,
    soft_clip,
)
from audio_manifold_ros.simulation.sound.sample_grid import SampleGrid

GRID = SampleGrid(22_500)


def test_tolerances_stay_within_their_bounds() -> None:
    for seed in range(5):
        mics = Microphones(8, GRID, np.random.default_rng(seed))
        recorded = mics.record(np.full((8, 100), 0.1, dtype=np.float32), 0)
        gains_db = 20 * np.log10(recorded.mean(axis=1) / 0.1)
        assert np.abs(gains_db).max() < GAIN_TOLERANCE_DB + 0.01
        assert np.ptp(gains_db) > 0.1
        assert np.abs(mics.jitter_m).max() <= 0.01


def test_self_noise_is_between_25_and_32_decibels_and_individual() -> None:
    noise = Microphones(8, GRID, np.random.default_rng(1)).record(np.zeros((8, 20_000), dtype=np.float32), 500)
    levels_db = 20 * np.log10(noise.std(axis=1)) + 120
    assert levels_db.min() > 24
    assert levels_db.max() < 34
    assert np.abs(np.corrcoef(noise) - np.eye(8)).max() < 0.05


def test_soft_clip_changes_only_loud_samples() -> None:
    samples = np.array([[-5.0, -1.0, -0.5, 0.0, 0.79, 0.9, 3.0]], dtype=np.float32)
    clipped = soft_clip(samples)
    assert np.abs(clipped).max() <= 1
    assert clipped[0, 2:5].tolist() == samples[0, 2:5].tolist()
    assert 0.8 < clipped[0, 5] < 0.9
    assert np.all(np.diff(clipped[0]) > 0)
    assert soft_clip(samples[:, 2:5]) == pytest.approx(samples[:, 2:5])


def test_first_order_pattern() -> None:
    angles = np.array([0.0, np.pi / 2, np.pi])
    assert directivity(np.cos(angles), HIGH_OMNI) == pytest.approx([1.0, 0.6, 0.2])
    assert directivity(np.cos(angles), 1.0) == pytest.approx([1.0, 1.0, 1.0])


def test_front_is_fourteen_decibels_over_back() -> None:
    front, back = directivity(np.array([1.0, -1.0]), HIGH_OMNI)
    assert 20 * np.log10(front / back) == pytest.approx(13.98, abs=0.01)
