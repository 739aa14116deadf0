# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Resampler: passband and stopband, streaming equals resampling at once, limited delay."""

from __future__ import annotations

import numpy as np
import pytest
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st

from audio_manifold_ros.audio.resampler import PASSBAND_RATIO, Resampler, resample
from audio_manifold_ros.common.errors import AudioError

MODEL_HZ = 22_500
RATES_HZ = (8_000, 16_000, 22_050, 32_000, 44_100, 48_000, 96_000)
MIDDLE = slice(4_000, 18_000)


def tone(frequency_hz: float, rate_hz: int) -> np.ndarray:
    return np.sin(2 * np.pi * frequency_hz * np.arange(rate_hz) / rate_hz).astype(np.float32)[None]


@pytest.mark.parametrize('rate_hz', RATES_HZ)
@pytest.mark.parametrize('share', [0.01, 0.3, 0.7, PASSBAND_RATIO - 0.01])
def test_a_tone_in_the_pass_band_arrives_unchanged_and_in_place(rate_hz: int, share: float) -> None:
    frequency_hz = share * min(rate_hz, MODEL_HZ) / 2
    output = resample(tone(frequency_hz, rate_hz), rate_hz, MODEL_HZ)
    assert output.shape == (1, MODEL_HZ)
    expected = tone(frequency_hz, MODEL_HZ)
    assert np.abs(output - expected)[0, MIDDLE].max() < 1e-4


@pytest.mark.parametrize('rate_hz', [32_000, 44_100, 48_000, 96_000])
@pytest.mark.parametrize('frequency_hz', [11_300, 13_000, 15_900])
def test_a_tone_above_the_new_nyquist_frequency_leaves_no_alias(rate_hz: int, frequency_hz: int) -> None:
    output = resample(tone(frequency_hz, rate_hz), rate_hz, MODEL_HZ)
    assert np.abs(output[0, MIDDLE]).max() < 2e-5


@pytest.mark.parametrize('rate_hz', [44_100, 48_000])
def test_agrees_with_an_independent_resampler_where_both_pass_everything(rate_hz: int) -> None:
    spectrum = np.fft.rfft(np.random.default_rng(0).normal(0, 0.1, rate_hz))
    spectrum[9_000:] = 0
    noise = np.fft.irfft(spectrum).astype(np.float32)
    expected = soxr.resample(noise, rate_hz, MODEL_HZ)
    assert np.abs(resample(noise[None], rate_hz, MODEL_HZ)[0] - expected)[MIDDLE].max() < 2e-5


@settings(deadline=None, max_examples=25)
@given(rate_hz=st.sampled_from(RATES_HZ), sizes=st.lists(st.integers(0, 2_000), min_size=1, max_size=8))
def test_streaming_equals_resampling_at_once_within_the_stated_delay(rate_hz: int, sizes: list[int]) -> None:
    samples = np.random.default_rng(1).normal(0, 0.1, (2, 6_000)).astype(np.float32)
    at_once = resample(samples, rate_hz, MODEL_HZ)
    resampler, at, given_out = Resampler(rate_hz, MODEL_HZ, 2), 0, 0
    for size in [*sizes, 6_000]:
        part = resampler.process(samples[:, at : at + size])
        np.testing.assert_allclose(part, at_once[:, given_out : given_out + part.shape[1]], atol=2e-6)
        at, given_out = min(at + size, 6_000), given_out + part.shape[1]
        assert given_out >= (at - resampler.delay_samples) * MODEL_HZ / rate_hz
    assert resampler.delay_samples / rate_hz < 0.015


def test_a_ratio_with_too_many_phases_is_refused() -> None:
    with pytest.raises(AudioError, match='47999 Hz to 22500 Hz'):
        Resampler(47_999, MODEL_HZ, 8)
