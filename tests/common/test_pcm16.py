# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np

from audio_manifold_ros.common.pcm16 import float_to_int16, int16_to_float


def test_every_16_bit_value_round_trips_exactly() -> None:
    steps = np.arange(-32768, 32768, dtype=np.int16)
    samples = int16_to_float(steps)
    assert samples.dtype == np.float32
    assert samples[0] == -1
    np.testing.assert_array_equal(float_to_int16(samples), steps)


def test_samples_are_rounded_and_clipped() -> None:
    found = float_to_int16(np.array([0.4, 0.6, -0.6, 40000, -40000]) / 32768)
    assert found.tolist() == [0, 1, -1, 32767, -32768]


def test_float_samples_are_copied() -> None:
    samples = np.array([0.25, -2.0], np.float32)
    copy = int16_to_float(samples)
    np.testing.assert_array_equal(copy, samples)
    assert not np.shares_memory(copy, samples)
