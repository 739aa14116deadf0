# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audio_manifold_ros.calibration.channels.adc_faults import clipped_peaks, stuck_bits

RATE_HZ = 16_000


def noise_signal(level: float, seed: int = 0, seconds: float = 4.0) -> np.ndarray:
    noise = np.random.default_rng(seed).standard_normal(round(seconds * RATE_HZ)) * level
    return (np.rint(noise * 32768).clip(-32768, 32767) / 32768).astype(np.float32)


@settings(deadline=None, max_examples=25)
@given(bit=st.integers(0, 9), high=st.booleans(), level=st.floats(0.02, 0.3), seed=st.integers(0, 99))
def test_stuck_bit_is_found(*, bit: int, high: bool, level: float, seed: int) -> None:
    steps = np.rint(noise_signal(level, seed) * 32768).astype(np.int16)
    broken = steps | np.int16(1 << bit) if high else steps & ~np.int16(1 << bit)
    found = stuck_bits(np.stack([noise_signal(0.1, 1), broken / np.float32(32768)]).astype(np.float32))
    assert found == [(), (15 - bit,)]


@pytest.mark.parametrize('level', [2e-5, 1e-4, 0.01, 0.3])
def test_healthy_channels_have_no_stuck_bits(level: float) -> None:
    assert stuck_bits(np.stack([noise_signal(level, 3), noise_signal(level * 2, 4) + np.float32(0.25)])) == [(), ()]


def test_16_bit_audio_in_24_bits_and_silence_have_no_stuck_bits() -> None:
    assert stuck_bits(np.stack([noise_signal(0.1), np.zeros(4 * RATE_HZ, dtype=np.float32)])) == [(), ()]


@settings(deadline=None, max_examples=25)
@given(limit=st.floats(0.05, 1.0), clipped_fraction=st.floats(2e-3, 0.02), seed=st.integers(0, 99))
def test_clipping_is_found_at_any_level(limit: float, clipped_fraction: float, seed: int) -> None:
    time_s = np.arange(6 * RATE_HZ) / RATE_HZ
    rng = np.random.default_rng(seed)
    tones = sum(np.sin(2 * np.pi * f * time_s + rng.uniform(0, 6)) for f in rng.uniform(80, 600, 12))
    cut = np.clip(tones * limit / np.quantile(np.abs(tones), 1 - clipped_fraction), -limit, limit).astype(np.float32)
    healthy = (tones * 0.9 / np.abs(tones).max()).astype(np.float32)
    found = clipped_peaks(np.stack([cut, healthy]), RATE_HZ)
    assert found[0] > 0
    assert found[1] == 0
