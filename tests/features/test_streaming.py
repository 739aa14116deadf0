# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The streaming form equals the batch form on every window it offers, and offers no other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from audio_manifold_ros.features.batch import mel_features
from audio_manifold_ros.features.errors import FeatureError
from audio_manifold_ros.features.mel_frames import MelFrames
from audio_manifold_ros.features.spec import FeatureSpec
from audio_manifold_ros.features.streaming import HISTORY_WINDOWS, StreamingMel

Signal = Callable[[int, int], NDArray[np.float32]]
Signals = dict[str, Signal]

TOLERANCE = 1e-4
SMALL = FeatureSpec(window_samples=1500, n_fft=256, hop_samples=64, mel_bands=24, height=12, width=20)
SMALL_SPECS = {
    'reflect': SMALL,
    'interior': replace(SMALL, edges='interior'),
    'odd_hop': replace(SMALL, hop_samples=77, n_fft=250, window_samples=1501),
    'odd_hop_interior': replace(SMALL, hop_samples=77, n_fft=250, window_samples=1501, edges='interior'),
    'hop_beyond_frame': replace(SMALL, hop_samples=300),
    'one_frame_fits': replace(SMALL, window_samples=256),
}


def assert_equals_batch(stream: StreamingMel, spec: FeatureSpec, audio: NDArray[np.float32], end: int) -> None:
    expected = mel_features(audio[:, end - spec.window_samples : end], spec)
    np.testing.assert_allclose(stream.features(end), expected, rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize('edges', ['reflect', 'interior'])
def test_equals_batch_on_every_window_of_the_paper(signal: Signal, edges: str) -> None:
    spec = replace(FeatureSpec(), edges=edges)
    audio = signal(2, 22_500 + 60 * 256)
    stream = StreamingMel(spec, 2)
    windows = 0
    for first in range(0, audio.shape[1], 256):
        stream.push(audio[:, first : first + 256], first)
        end = stream.newest_window_end
        if end is not None:
            windows += 1
            assert end == spec.window_samples + (windows - 1) * 256
            assert_equals_batch(stream, spec, audio, end)
    assert windows == 61


@settings(deadline=None, max_examples=80)
@given(st.sampled_from(sorted(SMALL_SPECS)), st.lists(st.integers(0, 700), min_size=1, max_size=40), st.data())
def test_any_block_sizes_gaps_and_restarts(signals: Signals, name: str, blocks: list[int], data: st.DataObject) -> None:
    """A model of the stream, one line per rule: where the hops are anchored and which windows exist."""
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
        count = (at - anchor - spec.window_samples) // spec.hop_samples + 1
        newest = anchor + (count - 1) * spec.hop_samples + spec.window_samples if count > 0 else None
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
    stream.push(audio[:, 2001:3400], 2001)
    assert before == 1948
    assert stream.newest_window_end is None
    for end in (before, 2012, 3400):
        with pytest.raises(FeatureError, match=f'No window ends at sample {end}'):
            stream.features(end)
    stream.push(audio[:, 3400:3501], 3400)
    assert stream.newest_window_end == 2001 + 1500
    assert_equals_batch(stream, SMALL, audio, 3501)


def test_offers_only_windows_on_the_hops(signals: Signals) -> None:
    audio = signals['noise'](1, 6000)
    stream = StreamingMel(SMALL, 1)
    assert stream.newest_window_end is None
    stream.push(audio, 0)
    newest = stream.newest_window_end
    assert newest == 1500 + 70 * 64
    oldest = newest - HISTORY_WINDOWS * 64
    assert_equals_batch(stream, SMALL, audio, oldest)
    for end in (newest + 64, newest - 1, oldest - 64, 0, -64):
        with pytest.raises(FeatureError, match='newest_window_end'):
            stream.features(end)


def test_a_refused_block_changes_nothing(signals: Signals) -> None:
    audio = signals['noise'](2, 4000)
    stream = StreamingMel(SMALL, 2)
    stream.push(audio[:, :1600], 0)
    with pytest.raises(FeatureError, match='first_sample 1599 lies before the end 1600'):
        stream.push(audio[:, 1599:1700], 1599)
    for wrong in (audio[:1, 1600:], audio[0, 1600:], np.zeros((3, 10), dtype=np.float32)):
        with pytest.raises(FeatureError, match=r'give \(2, n\)'):
            stream.push(wrong, 1600)
    assert_equals_batch(stream, SMALL, audio, 1564)
    stream.push(audio[:, 1600:1700], 1600)
    assert_equals_batch(stream, SMALL, audio, 1692)


def test_results_belong_to_the_caller(signals: Signals) -> None:
    audio = signals['noise'](1, 3000)
    stream = StreamingMel(SMALL, 1)
    stream.push(audio[:, :1500], 0)
    first = stream.features(1500)
    kept = first.copy()
    stream.push(audio[:, 1500:], 1500)
    assert stream.newest_window_end == 2972
    stream.features(2972)
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
