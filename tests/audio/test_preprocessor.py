# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The preprocessor: channels, gain, polarity, and a streaming resampler that equals the one-shot form."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from audio_manifold_ros.audio.block import AudioBlock
from audio_manifold_ros.audio.preprocessor import AudioPreprocessor
from audio_manifold_ros.audio.resampler import resample
from audio_manifold_ros.common.errors import AudioError
from audio_manifold_ros.common.units import NS_PER_S
from audio_manifold_ros.rig.rig import Microphone, MicrophoneArray

MODEL_HZ = 22_500
START_NS = 1_700_000_000 * NS_PER_S
MICS = (
    Microphone('front', 2, (1.0, 0.0, 0.0), (1.0, 0.0, 0.0), 6.0, -1),
    Microphone('left', 0, (0.0, 1.0, 0.0), (0.0, 1.0, 0.0), -3.0, 1),
    Microphone('rear', 3, (-1.1, 0.0, 0.0), (-1.0, 0.0, 0.0), 0.0, 1),
)
ARRAY = MicrophoneArray('three', 'mic_array_link', MICS)


def stamp_of(index: float, rate_hz: int) -> int:
    return START_NS + round(index * NS_PER_S / rate_hz)


def blocks_of(samples: NDArray[np.float32], rate_hz: int, sizes: list[int], first: int = 0) -> list[AudioBlock]:
    blocks, at = [], 0
    for size in itertools.cycle(sizes):
        if at >= samples.shape[1]:
            return blocks
        part = samples[:, at : at + size]
        blocks.append(AudioBlock(part, first + at, rate_hz, stamp_of(first + at, rate_hz)))
        at += size
    return blocks


def run(preprocessor: AudioPreprocessor, blocks: list[AudioBlock]) -> list[AudioBlock]:
    return [out for block in blocks if (out := preprocessor.process(block)) is not None]


def noise(channels: int, samples: int, seed: int = 0) -> NDArray[np.float32]:
    return np.random.default_rng(seed).normal(0, 0.1, (channels, samples)).astype(np.float32)


@settings(deadline=None, max_examples=20)
@given(
    rate_hz=st.sampled_from([48_000, 44_100, 22_050, 16_000, 22_500]),
    sizes=st.lists(st.integers(1, 3000), min_size=1, max_size=5),
    first=st.integers(0, 10**9),
)
def test_streaming_equals_one_shot(rate_hz: int, sizes: list[int], first: int) -> None:
    sizes = [*sizes, 512]
    raw = noise(4, rate_hz // 2)
    outs = run(AudioPreprocessor(ARRAY, rate_hz, MODEL_HZ), blocks_of(raw, rate_hz, sizes, first))
    mapped = raw[[2, 0, 3]] * ARRAY.factors[:, None]
    expected = mapped if rate_hz == MODEL_HZ else resample(mapped, rate_hz, MODEL_HZ)
    samples = np.concatenate([out.samples for out in outs], axis=1)
    assert samples.dtype == np.float32
    assert samples.shape[1] > expected.shape[1] - 0.01 * MODEL_HZ
    np.testing.assert_allclose(samples, expected[:, : samples.shape[1]], atol=2e-6)
    assert outs[0].first_sample == round(first * MODEL_HZ / rate_hz)
    for before, after in itertools.pairwise(outs):
        assert after.first_sample == before.end_sample
    for out in outs:
        assert out.sample_rate_hz == MODEL_HZ
        assert out.samples.flags['C_CONTIGUOUS']
        assert abs(out.stamp_ns - stamp_of(out.first_sample, MODEL_HZ)) <= NS_PER_S // MODEL_HZ


@pytest.mark.parametrize('rate_hz', [48_000, 44_100])
def test_index_and_stamp_point_at_the_same_instant(rate_hz: int) -> None:
    click_at = rate_hz // 3
    raw = np.zeros((4, rate_hz), dtype=np.float32)
    raw[:, click_at] = 0.5
    outs = run(AudioPreprocessor(ARRAY, rate_hz, MODEL_HZ), blocks_of(raw, rate_hz, [480]))
    samples = np.concatenate([out.samples for out in outs], axis=1)
    peaks = np.abs(samples).argmax(axis=1)
    assert np.all(np.abs(peaks - click_at * MODEL_HZ / rate_hz) <= 0.5)
    assert np.sign(samples[0, peaks[0]]) == -1


@settings(deadline=None, max_examples=20)
@given(
    rate_hz=st.sampled_from([48_000, 44_100, 22_500]),
    gaps=st.lists(st.integers(1, 100_000), min_size=1, max_size=3),
    seed=st.integers(0, 99),
)
def test_after_a_gap_the_index_is_right_and_nothing_crosses_it(rate_hz: int, gaps: list[int], seed: int) -> None:
    preprocessor = AudioPreprocessor(ARRAY, rate_hz, MODEL_HZ)
    first, end_output = 0, 0
    for number, gap in enumerate([0, *gaps]):
        first += gap
        raw = noise(4, rate_hz // 5, seed + number)
        outs = run(preprocessor, blocks_of(raw, rate_hz, [512], first))
        fresh = run(AudioPreprocessor(ARRAY, rate_hz, MODEL_HZ), blocks_of(raw, rate_hz, [512], first))
        np.testing.assert_array_equal(
            np.concatenate([out.samples for out in outs], axis=1),
            np.concatenate([out.samples for out in fresh], axis=1),
        )
        assert outs[0].first_sample == round(first * MODEL_HZ / rate_hz)
        assert outs[0].first_sample > end_output or number == 0
        assert abs(outs[0].stamp_ns - stamp_of(first, rate_hz)) <= 1
        first += raw.shape[1]
        end_output = outs[-1].end_sample


def test_a_stream_that_starts_again_starts_its_output_again() -> None:
    preprocessor = AudioPreprocessor(ARRAY, 48_000, MODEL_HZ)
    run(preprocessor, blocks_of(noise(4, 48_000), 48_000, [512], 96_000))
    assert run(preprocessor, blocks_of(noise(4, 9600), 48_000, [512], 480))[0].first_sample == 225
    preprocessor.reset()
    assert run(preprocessor, blocks_of(noise(4, 9600), 48_000, [512]))[0].first_sample == 0


def test_an_overflow_is_reported_by_the_next_output_once() -> None:
    blocks = blocks_of(noise(4, 48_000), 48_000, [512])
    blocks[40] = replace(blocks[40], overflow=True)
    outs = run(AudioPreprocessor(ARRAY, 48_000, MODEL_HZ), blocks)
    assert [out.overflow for out in outs].count(True) == 1


@pytest.mark.parametrize('bad', [np.nan, np.inf])
def test_a_block_that_is_not_finite_counts_as_lost(bad: float) -> None:
    preprocessor = AudioPreprocessor(ARRAY, MODEL_HZ, MODEL_HZ)
    blocks = blocks_of(noise(4, 2000), MODEL_HZ, [500])
    blocks[1].samples[3, 7] = bad
    outs = run(preprocessor, blocks)
    assert [out.first_sample for out in outs] == [0, 1000, 1500]
    assert preprocessor.rejected_samples == 500
    assert all(np.isfinite(out.samples).all() for out in outs)


def test_a_disabled_microphone_is_replaced_by_its_nearest_neighbour() -> None:
    array = replace(ARRAY, microphones=(replace(MICS[0], enabled=False), *MICS[1:]))
    preprocessor = AudioPreprocessor(array, MODEL_HZ, MODEL_HZ)
    raw = noise(4, 100)
    (out,) = run(preprocessor, blocks_of(raw, MODEL_HZ, [100]))
    np.testing.assert_array_equal(out.samples[0], out.samples[1])
    np.testing.assert_allclose(out.samples[1], raw[0] * ARRAY.factors[1])
    assert preprocessor.substituted == ('front',)


def test_invalid_rates_arrays_and_blocks_are_refused() -> None:
    dead = replace(ARRAY, microphones=tuple(replace(mic, enabled=False) for mic in MICS))
    with pytest.raises(AudioError, match="'three' has no enabled microphone"):
        AudioPreprocessor(dead, 48_000, MODEL_HZ)
    with pytest.raises(AudioError, match='input_rate_hz is 0'):
        AudioPreprocessor(ARRAY, 0, MODEL_HZ)
    preprocessor = AudioPreprocessor(ARRAY, 48_000, MODEL_HZ)
    with pytest.raises(AudioError, match='44100 Hz where 48000 Hz were expected'):
        preprocessor.process(AudioBlock(noise(4, 10), 0, 44_100, 0))
    with pytest.raises(AudioError, match=r'3 channels, but array .* uses channel 3'):
        preprocessor.process(AudioBlock(noise(3, 10), 0, 48_000, 0))
