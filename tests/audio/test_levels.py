# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Levels of known signals."""

from __future__ import annotations

import numpy as np
import pytest

from audio_manifold_ros.audio.levels import LevelMeter
from audio_manifold_ros.common.errors import AudioError

RATE_HZ = 22_500


def test_levels_of_known_signals() -> None:
    time_s = np.arange(RATE_HZ) / RATE_HZ
    sine = np.sin(2 * np.pi * 1000 * time_s)
    samples = np.stack(
        [
            0.1 * sine,
            np.clip(2 * sine, -1, 32767 / 32768),
            np.zeros(RATE_HZ),
            np.full(RATE_HZ, 0.25),
            np.sign(sine + 1e-9) * 2 / 32768,
        ]
    ).astype(np.float32)
    meter = LevelMeter(5, RATE_HZ)
    for at in range(0, RATE_HZ, 256):
        meter.update(samples[:, at : at + 256])
    levels = meter.snapshot()
    assert levels[0].rms_dbfs == pytest.approx(-20 - 3.01, abs=0.01)
    assert levels[0].peak_dbfs == pytest.approx(-20, abs=0.05)
    assert levels[1].clipped_fraction == pytest.approx(2 / 3, abs=0.03)
    assert levels[1].peak_dbfs == pytest.approx(0, abs=0.001)
    assert levels[2].rms_dbfs == levels[2].peak_dbfs == -120
    assert [level.silent for level in levels] == [False, False, True, True, False]
    assert [level.clipped_fraction for level in levels][::2] == [0, 0, 0]


def test_only_the_last_second_is_measured() -> None:
    meter = LevelMeter(1, RATE_HZ)
    loud = np.ones((1, 1000), dtype=np.float32)
    for _ in range(10):
        meter.update(loud)
    quiet = np.random.default_rng(0).normal(0, 0.01, (1, 300)).astype(np.float32)
    for _ in range(RATE_HZ // 300 + 1):
        meter.update(quiet)
    (level,) = meter.snapshot()
    assert level.clipped_fraction == 0
    assert level.rms_dbfs == pytest.approx(-40, abs=0.5)


def test_of_a_block_longer_than_a_second_the_end_is_measured() -> None:
    meter = LevelMeter(1, 1000)
    meter.update(np.concatenate([np.ones(500), np.zeros(1000)])[None].astype(np.float32))
    assert meter.snapshot()[0].peak_dbfs == -120


def test_before_the_first_sample_there_is_no_level() -> None:
    meter = LevelMeter(2, RATE_HZ)
    meter.update(np.zeros((2, 0), dtype=np.float32))
    assert meter.snapshot() == ()
    with pytest.raises(AudioError, match='3 channels'):
        meter.update(np.zeros((3, 5), dtype=np.float32))
