# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The streaming form equals the batch form on every available window."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from audio_manifold_ros.common.errors import FeatureError
from audio_manifold_ros.features.mel_batch import mel_features
from audio_manifold_ros.features.mel_frames import MelFrames
from audio_manifold_ros.features.mel_streaming import StreamingMel
from audio_manifold_ros.features.mel_torch import MelFeatureExtractor
from audio_manifold_ros.features.presets import omninet_features, reference_features
from audio_manifold_ros.features.sliding_windows import HISTORY_WINDOWS
from audio_manifold_ros.features.spec import FeatureSpec

Signal = Callable[[int, int], NDArray[np.float32]]
Signals = dict[str, Signal]

TOLERANCE = 1e-4
WINDOWS = 40
RATE_HZ = 16_000
SMALL = FeatureSpec(window_samples=1500, n_fft=256, hop_samples=64, win_samples=256, mel_bands=24, height=12, width=20)
SMALL_SPECS = {
    'reflect': SMALL,
    'interior': replace(SMALL, edges='interior'),
    'odd_hop': replace(SMALL, hop_samples=77, n_fft=250, win_samples=250, window_samples=1501),
    'odd_hop_interior': replace(
        SMALL, hop_samples=77, n_fft=250, win_samples=201, window_samples=1501, edges='interior'
    ),
    'hop_beyond_frame': replace(SMALL, hop_samples=300),
    'one_frame_fits': replace(SMALL, window_samples=256),
    'nearest': replace(SMALL, resize='nearest', win_samples=101),
    'linear': replace(SMALL, bands='linear', mel_bands=129, win_samples=200),
    'unresized': replace(SMALL, bands='linear', mel_bands=129, win_samples=200, height=129, width=24),
    'unresized_interior': replace(SMALL, height=24, width=20, edges='interior'),
}
WHOLE_SPECS = {
    'paper': FeatureSpec(),
    'paper_interior': FeatureSpec(edges='interior'),
    'reference': reference_features(),
    'omninet': omninet_features(22_500, 22_500),
    'omninet_interior': replace(omninet_features(22_500, 22_500), edges='interior', width=138),
}


@st.composite
def specs(draw: st.DrawFn) -> FeatureSpec:
    """Return any small specification: both kinds of bands and edges, with and without a resize of either kind."""
    n_fft = 2 * draw(st.integers(2, 150))
    hop = draw(st.integers(1, 400))
    linear = draw(st.booleans())
    spec = FeatureSpec(
        sample_rate_hz=RATE_HZ,
        window_samples=n_fft + hop + draw(st.integers(0, 900)),
        n_fft=n_fft,
        win_samples=draw(st.integers(2, n_fft)),
        hop_samples=hop,
        bands='linear' if linear else 'mel',
        mel_bands=n_fft // 2 + 1 if linear else draw(st.integers(1, 60)),
        f_max_hz=RATE_HZ / 2 if linear else draw(st.floats(100.0, RATE_HZ / 2)),
        db_divisor=draw(st.floats(4.0, 80.0)),
        edges=draw(st.sampled_from(('reflect', 'interior'))),
        resize=draw(st.sampled_from(('linear', 'nearest'))),
    )
    height = draw(st.one_of(st.just(spec.mel_bands), st.integers(1, 70)))
    return replace(spec, height=height, width=draw(st.one_of(st.just(spec.frames), st.integers(1, 70))))


def assert_equals_batch(stream: StreamingMel, spec: FeatureSpec, audio: NDArray[np.float32], end: int) -> None:
    expected = mel_features(audio[:, end - spec.window_samples : end], spec)
    np.testing.assert_allclose(stream.features(end), expected, rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize('spec', WHOLE_SPECS.values(), ids=WHOLE_SPECS)
def test_equals_batch_on_every_window_of_each_system(signal: Signal, spec: FeatureSpec) -> None:
    hop = spec.hop_samples
    lead = -spec.window_samples % hop
    audio = signal(2, lead + spec.window_samples + WINDOWS * hop)
    stream = StreamingMel(spec, 2)
    windows = 0
    for first in range(0, audio.shape[1], hop):
        stream.push(audio[:, first : first + hop], first)
        end = stream.newest_window_end
        if end is not None:
            windows += 1
            assert end == lead + spec.window_samples + (windows - 1) * hop
            assert_equals_batch(stream, spec, audio, end)
    assert windows == WINDOWS + 1


@settings(deadline=None, max_examples=60)
@given(specs(), st.integers(1, 500))
def test_streaming_batch_and_torch_agree_for_any_specification(signals: Signals, spec: FeatureSpec, block: int) -> None:
    hops = 3
    lead = -spec.window_samples % spec.hop_samples
    audio = signals['noise'](2, lead + spec.window_samples + hops * spec.hop_samples)
    stream = StreamingMel(spec, 2)
    for first in range(0, audio.shape[1], block):
        stream.push(audio[:, first : first + block], first)
    in_torch = MelFeatureExtractor(spec)
    for hop in range(hops + 1):
        start = lead + hop * spec.hop_samples
        window = audio[:, start : start + spec.window_samples]
        expected = mel_features(window, spec)
        assert expected.shape == (2, spec.height, spec.width)
        found = stream.features(start + spec.window_samples)
        np.testing.assert_allclose(found, expected, rtol=0, atol=TOLERANCE)
        by_torch = in_torch(torch.from_numpy(window.copy())[None])[0].numpy()
        np.testing.assert_allclose(by_torch, expected, rtol=0, atol=TOLERANCE)


@settings(deadline=None, max_examples=80)
@given(st.sampled_from(sorted(SMALL_SPECS)), st.lists(st.integers(0, 700), min_size=1, max_size=40), st.data())
def test_any_block_sizes_gaps_and_restarts(signals: Signals, name: str, blocks: list[int], data: st.DataObject) -> None:
    """Model of the stream: the start of the hops and the windows that exist."""
    spec = SMALL_SPECS[name]
    audio = signals['noise'](2, 60_000)
    stream = StreamingMel(spec, 2)
    at = anchor = data.draw(st.integers(0, 1000), 'start')
    for block in blocks:
        event = data.draw(st.sampled_from(['block'] * 8 + ['gap', 'restart', 'long']), 'event')
        if event == 'gap' and at > anchor:
            at = anchor = at + data.draw(st.integers(1, 300), 'lost')
        elif event == 'restart':
            stream.reset()
            at = anchor = data.draw(st.integers(0, 1000), 'start again')
        length = min(max(block, 1) * (8 if event == 'long' else 1), audio.shape[1] - at)
        stream.push(audio[:, at : at + length], at)
        at += length
        hops = (at - anchor) // spec.hop_samples
        count = hops - math.ceil(spec.window_samples / spec.hop_samples) + 1
        newest = anchor + hops * spec.hop_samples if count > 0 else None
        assert stream.newest_window_end == newest
        if newest is not None:
            age = data.draw(st.integers(0, min(count - 1, HISTORY_WINDOWS)), 'age')
            assert_equals_batch(stream, spec, audio, newest)
            assert_equals_batch(stream, spec, audio, newest - age * spec.hop_samples)


@settings(deadline=None, max_examples=25)
@given(st.lists(st.integers(1, 3000), min_size=5, max_size=60), st.integers(0, 2**40))
def test_runs_for_long_and_from_any_index(signals: Signals, blocks: list[int], start: int) -> None:
    audio = signals['loud'](1, sum(blocks))
    stream = StreamingMel(SMALL, 1)
    at = 0
    for block in blocks:
        stream.push(audio[:, at : at + block], start + at)
        at += block
    newest = stream.newest_window_end
    if newest is not None:
        expected = mel_features(audio[:, newest - start - SMALL.window_samples : newest - start], SMALL)
        np.testing.assert_allclose(stream.features(newest), expected, rtol=0, atol=TOLERANCE)


def test_a_window_that_touches_lost_samples_is_never_offered(signals: Signals) -> None:
    audio = signals['noise'](2, 9000)
    stream = StreamingMel(SMALL, 2)
    stream.push(audio[:, :2000], 0)
    before = stream.newest_window_end
    stream.push(audio[:, 2001:3500], 2001)
    assert before == 1984
    assert stream.newest_window_end is None
    for end in (before, 2048, 3500):
        with pytest.raises(FeatureError, match=f'No window ends at sample {end}'):
            stream.features(end)
    stream.push(audio[:, 3500:3537], 3500)
    assert stream.newest_window_end == 2001 + 1536
    assert_equals_batch(stream, SMALL, audio, 3537)


def test_offers_only_windows_on_the_hops(signals: Signals) -> None:
    audio = signals['noise'](1, 6000)
    stream = StreamingMel(SMALL, 1)
    assert stream.newest_window_end is None
    stream.push(audio, 0)
    newest = stream.newest_window_end
    assert newest == 93 * 64
    oldest = newest - HISTORY_WINDOWS * 64
    assert_equals_batch(stream, SMALL, audio, oldest)
    for end in (newest + 64, newest - 1, oldest - 64, 0, -64):
        with pytest.raises(FeatureError, match='newest_window_end'):
            stream.features(end)


def test_a_refused_block_changes_nothing(signals: Signals) -> None:
    audio = signals['noise'](2, 4000)
    stream = StreamingMel(SMALL, 2)
    stream.push(audio[:, :1600], 0)
    with pytest.raises(FeatureError, match='first_sample 1599 is before the end 1600'):
        stream.push(audio[:, 1599:1700], 1599)
    for wrong in (audio[:1, 1600:], audio[0, 1600:], np.zeros((3, 10), dtype=np.float32)):
        with pytest.raises(FeatureError, match=r'give \(2, n\)'):
            stream.push(wrong, 1600)
    assert_equals_batch(stream, SMALL, audio, 1600)
    stream.push(audio[:, 1600:1700], 1600)
    assert_equals_batch(stream, SMALL, audio, 1664)


def test_results_belong_to_the_caller(signals: Signals) -> None:
    audio = signals['noise'](1, 3000)
    stream = StreamingMel(SMALL, 1)
    stream.push(audio[:, :1536], 0)
    first = stream.features(1536)
    kept = first.copy()
    stream.push(audio[:, 1536:], 1536)
    assert stream.newest_window_end == 2944
    stream.features(2944)
    np.testing.assert_array_equal(first, kept)


@pytest.mark.parametrize(('edges', 'edge_frames'), [('interior', 0), ('reflect', 8)])
def test_computes_each_interior_frame_once(
    signals: Signals, monkeypatch: pytest.MonkeyPatch, edges: str, edge_frames: int
) -> None:
    computed: list[int] = []
    levels = MelFrames.levels

    def counted(self: MelFrames, frames: NDArray[np.float32]) -> NDArray[np.float32]:
        computed.append(len(frames))
        return levels(self, frames)

    monkeypatch.setattr(MelFrames, 'levels', counted)
    stream = StreamingMel(replace(FeatureSpec(), edges=edges), 1)
    audio = signals['noise'](1, 22_500 + 20 * 256)
    predictions = 0
    for first in range(0, audio.shape[1], 256):
        stream.push(audio[:, first : first + 256], first)
        if stream.newest_window_end is not None:
            stream.features(stream.newest_window_end)
            predictions += 1
    assert predictions == 21
    frames_of_stream = (audio.shape[1] - 2048) // 256 + 1
    assert sum(computed) == frames_of_stream + predictions * edge_frames


@pytest.mark.parametrize('channels', [0, -1])
def test_refuses_a_stream_without_channels(channels: int) -> None:
    with pytest.raises(FeatureError, match=f'channels is {channels}'):
        StreamingMel(SMALL, channels)
