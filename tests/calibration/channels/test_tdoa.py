# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import scipy.fft
from hypothesis import given, settings
from hypothesis import strategies as st

from audio_manifold_ros.calibration.channels.tdoa import estimate_tdoas, parabolic_offset

RATE_HZ = 16_000


def delayed(delays: np.ndarray, signs: np.ndarray, noise: float, seed: int, seconds: float = 2.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    n = round(seconds * RATE_HZ)
    spectrum = scipy.fft.rfft(rng.standard_normal(n))
    turns = np.exp(-2j * np.pi * scipy.fft.rfftfreq(n) * delays[:, None])
    clean = scipy.fft.irfft(spectrum * turns, n, axis=1) * signs[:, None]
    return (0.1 * (clean + noise * rng.standard_normal(clean.shape))).astype(np.float32)


@settings(deadline=None, max_examples=12)
@given(
    st.lists(st.tuples(st.floats(-100, 100), st.sampled_from([-1, 1])), min_size=3, max_size=6), st.integers(0, 1000)
)
def test_lags_are_subsample_accurate_for_any_polarity(channels: list[tuple[float, int]], seed: int) -> None:
    delays, signs = (np.array(values, dtype=np.float64) for values in zip(*channels, strict=True))
    found = estimate_tdoas(delayed(delays, signs, 0.3, seed), RATE_HZ, 0.02)
    error = found.lags_samples - delays
    error -= np.median(error, axis=1, keepdims=True)
    assert np.abs(error).max() < 0.05
    assert found.clarity.min() > 0.7
    assert found.misfit_samples.max() < 0.1
    assert found.times_s.tolist() == [0.25, 0.75, 1.25, 1.75]


def test_noise_is_not_clear() -> None:
    noise = np.random.default_rng(0).standard_normal((4, 2 * RATE_HZ)).astype(np.float32)
    assert estimate_tdoas(noise, RATE_HZ, 0.02).clarity.max() < 0.35


def test_an_echo_on_one_channel_does_not_change_the_others() -> None:
    delays = np.array([0.0, 3.3, -5.1, 8.7, 1.2])
    sound = delayed(delays, np.ones(5), 0.1, 4)
    sound[4] += 1.5 * np.roll(sound[4], 40)
    found = estimate_tdoas(sound, RATE_HZ, 0.02).lags_samples[:, :4]
    error = found - delays[:4]
    assert np.abs(error - error.mean(axis=1, keepdims=True)).max() < 0.02


def test_vertex_of_a_parabola() -> None:
    x, vertices = np.array([[-1.0], [0.0], [1.0]]), np.array([-0.4, 0.0, 0.3])
    np.testing.assert_allclose(parabolic_offset(*(2 - (x - vertices) ** 2)), vertices)
    assert parabolic_offset(np.zeros(1), np.zeros(1), np.zeros(1)) == 0
