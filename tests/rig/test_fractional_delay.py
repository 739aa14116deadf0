# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Fractional delays: accurate to 0.01 samples in the passband, independent of the block sizes of the stream."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from audio_manifold_ros.common.errors import RigError
from audio_manifold_ros.rig.fractional_delay import FractionalDelay

RATE_HZ = 22_500
# Share of half the sample rate up to which nothing may be lost.
PASSBAND_EDGE = 0.93
delays = st.lists(st.floats(-60, 60), min_size=1, max_size=4)


def late_tones(frequencies: NDArray[np.float64], delay_samples: float, length: int) -> NDArray[np.float32]:
    """Return complex tones as (tone · 2, sample), each with a delay."""
    phases = np.pi * frequencies[:, None] * (np.arange(length) - delay_samples)
    return np.concatenate([np.cos(phases), np.sin(phases)]).astype(np.float32)


@settings(deadline=None, max_examples=60)
@given(delay=st.floats(-200, 200), seed=st.integers(0, 999))
def test_every_frequency_is_delayed_to_a_hundredth_of_a_sample(delay: float, seed: int) -> None:
    frequencies = np.sort(np.random.default_rng(seed).uniform(0.005, PASSBAND_EDGE, 5))
    tones = late_tones(frequencies, delay, 1200)
    line = FractionalDelay(np.full(len(tones), delay), RATE_HZ)
    out = line.apply(tones)
    wanted = late_tones(frequencies, 0.0, 1200)[:, line.before : 1200 - line.after]
    found, known = (rows[:5] + 1j * rows[5:] for rows in (out, wanted))
    turned = np.mean(found * np.conj(known), axis=1)
    np.testing.assert_allclose(np.abs(turned), 1.0, atol=2e-3)
    assert np.all(np.abs(np.angle(turned) / (np.pi * frequencies)) < 0.01)


@settings(deadline=None, max_examples=30)
@given(delays=delays, sizes=st.lists(st.integers(1, 400), min_size=1, max_size=6), seed=st.integers(0, 99))
def test_block_sizes_do_not_change_the_output(delays: list[float], sizes: list[int], seed: int) -> None:
    samples = np.random.default_rng(seed).normal(0, 0.1, (len(delays), 1000)).astype(np.float32)
    expected = FractionalDelay(np.array(delays), RATE_HZ).apply(samples)
    stream, pieces, at = FractionalDelay(np.array(delays), RATE_HZ), [], 0
    while at < 1000:
        size = sizes[len(pieces) % len(sizes)]
        pieces.append(stream.process(samples[:, at : at + size]))
        at += size
    np.testing.assert_allclose(np.concatenate(pieces, axis=1), expected, atol=1e-6)


@settings(deadline=None, max_examples=30)
@given(delays=delays)
def test_opposite_delays_cancel(delays: list[float]) -> None:
    rng = np.random.default_rng(3)
    spectrum = np.fft.rfft(rng.normal(0, 0.1, (len(delays), 1500)), axis=1)
    spectrum[:, int(0.9 * spectrum.shape[1]) :] = 0
    samples = np.fft.irfft(spectrum, axis=1).astype(np.float32)
    there, back = FractionalDelay(-np.array(delays), RATE_HZ), FractionalDelay(np.array(delays), RATE_HZ)
    out = back.apply(there.apply(samples))
    first = there.before + back.before
    np.testing.assert_allclose(out, samples[:, first : first + out.shape[1]], atol=2e-4)


def test_whole_delays_copy_the_samples() -> None:
    samples = np.random.default_rng(0).normal(0, 0.1, (3, 300)).astype(np.float32)
    line = FractionalDelay(np.array([0.0, 5.0, -7.0]), RATE_HZ)
    out = line.apply(samples)
    for channel, shift in enumerate((0, 5, -7)):
        first = line.before + shift
        np.testing.assert_array_equal(out[channel], samples[channel, first : first + out.shape[1]])


def test_a_reset_forgets_the_stream() -> None:
    samples = np.random.default_rng(0).normal(0, 0.1, (2, 300)).astype(np.float32)
    line = FractionalDelay(np.array([0.25, -1.5]), RATE_HZ)
    first = line.process(samples)
    line.reset()
    np.testing.assert_array_equal(line.process(samples), first)
    assert line.process(samples[:, :0]).shape == (2, 0)
    assert FractionalDelay(np.array([0.5]), RATE_HZ).apply(samples[:1, :20]).shape == (1, 0)


@pytest.mark.parametrize('delay', [RATE_HZ, -RATE_HZ, np.nan])
def test_invalid_delays_are_refused(delay: float) -> None:
    with pytest.raises(RigError, match='give 11250 at most'):
        FractionalDelay(np.array([delay]), RATE_HZ)
