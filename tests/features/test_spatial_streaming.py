# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The streaming form of the spatial features equals the batch form on every available window."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from audio_manifold_ros.common.errors import FeatureError
from audio_manifold_ros.features.array_geometry import ArrayGeometry
from audio_manifold_ros.features.echo_map import EchoMap
from audio_manifold_ros.features.sliding_windows import HISTORY_WINDOWS
from audio_manifold_ros.features.spatial_batch import spatial_features
from audio_manifold_ros.features.spatial_frames import SpatialFrames
from audio_manifold_ros.features.spatial_spec import SpatialFeatureSpec
from audio_manifold_ros.features.spatial_streaming import StreamingSpatialFeatures
from tests.features.spatial_cases import SEGMENTS, SMALL, SPEC, geometry
from tests.features.spatial_reference import ring

Array = NDArray[np.float32]
Signals = dict[str, Callable[[int, int], Array]]
TOLERANCE = 1e-4
THREE = np.array([[0.2, 0.1, 0.0], [-0.3, 0.2, 0.1], [0.0, -0.4, 0.0]])
ALL, TWO = np.ones(3, dtype=bool), np.array([True, False, True])
SPECS = {
    'small': SMALL,
    'frames_at_every_hop': replace(SMALL, frame_hop_samples=64),
    'odd_hop': replace(SMALL, hop_samples=77, frame_hop_samples=231, n_fft=250, window_samples=3001),
    'segments': SEGMENTS,
    'one_frame': replace(SMALL, frames=1, hop_samples=300, frame_hop_samples=300),
}


class Stream:
    """A stream of audio, its features, and their batch form."""

    def __init__(self, spec: SpatialFeatureSpec, audio: Array, array: ArrayGeometry | None = None) -> None:
        self.spec, self.audio = spec, audio
        self.array = geometry(THREE, spec) if array is None else array
        self.features = StreamingSpatialFeatures(spec, self.array)

    def push(self, first: int, length: int) -> None:
        self.features.push(self.audio[:, first : first + length], first)

    def push_by_hop(self) -> int:
        """Push all audio hop by hop, ask for the features of each new window, and return the end of the last one."""
        newest = None
        for first in range(0, self.audio.shape[1], self.spec.hop_samples):
            self.push(first, self.spec.hop_samples)
            newest = self.features.newest_window_end
            if newest is not None:
                self.features.features(newest)
        assert newest is not None
        return newest

    def check(self, end: int, active: NDArray[np.bool_] | None = None) -> None:
        window = self.audio[:, end - self.spec.window_samples : end]
        expected = spatial_features(window, self.array, self.spec, active)
        np.testing.assert_allclose(self.features.features(end), expected, rtol=0, atol=TOLERANCE)


def test_equals_batch_on_every_window_of_the_default(signals: Signals) -> None:
    windows = 10
    lead = -SPEC.window_samples % SPEC.hop_samples
    audio = signals['noise'](8, lead + SPEC.window_samples + windows * SPEC.hop_samples)
    stream = Stream(SPEC, audio, geometry(ring(8)))
    found = 0
    for first in range(0, audio.shape[1], SPEC.hop_samples):
        stream.push(first, SPEC.hop_samples)
        end = stream.features.newest_window_end
        if end is not None:
            assert end == lead + SPEC.window_samples + found * SPEC.hop_samples
            stream.check(end)
            found += 1
    assert found == stream.features.window_count == windows + 1


@pytest.mark.parametrize('name', ['tone_over_dither', 'near_silent', 'clicks', 'zero'])
def test_equals_batch_on_difficult_signals(signals: Signals, name: str) -> None:
    stream = Stream(SMALL, signals[name](3, 3600))
    stream.push(0, 3600)
    for end in (3008, 3072, 3584):
        stream.check(end)


@settings(deadline=None, max_examples=40)
@given(st.sampled_from(sorted(SPECS)), st.lists(st.integers(0, 700), min_size=1, max_size=30), st.data())
def test_any_block_sizes_gaps_restarts_and_masks(
    signals: Signals, name: str, blocks: list[int], data: st.DataObject
) -> None:
    """Model of the stream: the start of the hops, the windows that exist, and the active microphones."""
    spec = SPECS[name]
    stream = Stream(spec, signals['noise'](3, 60_000))
    features = stream.features
    at = anchor = data.draw(st.integers(0, 1000), 'start')
    active = ALL
    for block in blocks:
        event = data.draw(st.sampled_from(['block'] * 8 + ['gap', 'restart', 'mask', 'long', 'long']), 'event')
        if event == 'gap' and at > anchor:
            at = anchor = at + data.draw(st.integers(1, 300), 'lost')
        elif event == 'restart':
            features.reset()
            at = anchor = data.draw(st.integers(0, 1000), 'start again')
        elif event == 'mask':
            active = np.array(data.draw(st.sampled_from([(1, 1, 1), (1, 0, 1), (0, 1, 1)]), 'active'), dtype=bool)
            features.set_active(active)
        length = min(max(block, 1) * (8 if event == 'long' else 1), stream.audio.shape[1] - at)
        stream.push(at, length)
        at += length
        hops = (at - anchor) // spec.hop_samples
        count = hops - math.ceil(spec.window_samples / spec.hop_samples) + 1
        newest = anchor + hops * spec.hop_samples if count > 0 else None
        assert features.newest_window_end == newest
        if newest is not None:
            age = data.draw(st.integers(0, min(count - 1, HISTORY_WINDOWS)), 'age')
            stream.check(newest, active)
            stream.check(newest - age * spec.hop_samples, active)


def test_leaves_microphones_out_of_samples_that_arrived_before(signals: Signals) -> None:
    stream = Stream(SMALL, signals['noise'](3, 6000))
    features = stream.features
    stream.push(0, 4000)
    newest = features.newest_window_end
    assert newest == 3968
    before = features.features(newest)
    features.set_active(TWO)
    assert features.active.tolist() == TWO.tolist()
    stream.check(newest, TWO)
    assert np.abs(features.features(newest) - before).max() > 0.1
    stream.push(4000, 100)
    stream.check(newest + 64, TWO)
    features.set_active(ALL)
    stream.check(newest, ALL)
    np.testing.assert_array_equal(features.features(newest), before)


def test_a_disabled_microphone_stays_left_out(signals: Signals) -> None:
    audio = signals['noise'](3, 3008)
    stream = Stream(SMALL, audio, replace(geometry(THREE, SMALL), active=TWO))
    stream.features.set_active(ALL)
    stream.push(0, 3008)
    expected = spatial_features(audio[TWO, 8:], geometry(THREE[TWO], SMALL), SMALL)
    np.testing.assert_allclose(stream.features.features(3008), expected, rtol=0, atol=TOLERANCE)


def test_a_refused_mask_changes_nothing(signals: Signals) -> None:
    stream = Stream(SMALL, signals['noise'](3, 3008))
    stream.push(0, 3008)
    for mask in (np.zeros(3, dtype=bool), np.ones(4, dtype=bool), np.ones(3)):
        with pytest.raises(FeatureError, match='active is'):
            stream.features.set_active(mask)
    stream.check(3008)


def test_a_window_that_touches_lost_samples_is_never_offered(signals: Signals) -> None:
    stream = Stream(SMALL, signals['noise'](3, 9000))
    stream.push(0, 4000)
    assert stream.features.newest_window_end == 3968
    stream.push(4001, 2900)
    assert stream.features.newest_window_end is None
    for end in (3968, 4032, 6900):
        with pytest.raises(FeatureError, match=f'No window ends at sample {end}'):
            stream.features.features(end)
    stream.push(6901, 108)
    assert stream.features.newest_window_end == 7009
    stream.check(7009)


def test_a_refused_block_changes_nothing(signals: Signals) -> None:
    stream = Stream(SMALL, signals['noise'](3, 4000))
    stream.push(0, 3100)
    with pytest.raises(FeatureError, match='first_sample 3099 is before the end 3100'):
        stream.push(3099, 100)
    with pytest.raises(FeatureError, match=r'give \(3, n\)'):
        stream.features.push(stream.audio[:2, 3100:], 3100)
    stream.check(3072)
    stream.push(3100, 100)
    stream.check(3200)


def test_computes_each_frame_once_and_again_only_for_other_microphones(
    signals: Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    computed: list[int] = []
    maps = SpatialFrames.maps

    def counted(self: SpatialFrames, frames: Array) -> Array:
        computed.append(frames.shape[1])
        return maps(self, frames)

    monkeypatch.setattr(SpatialFrames, 'maps', counted)
    stream = Stream(SMALL, signals['noise'](3, 3008 + 20 * 64))
    newest = stream.push_by_hop()
    lead = 8 + SMALL.first_frame_sample
    assert sum(computed) == (stream.audio.shape[1] - lead - SMALL.n_fft) // 64 + 1
    computed.clear()
    stream.features.set_active(TWO)
    for _ in range(2):
        stream.features.features(newest)
    assert sum(computed) == SMALL.frames
    stream.features.features(newest - SMALL.frame_hop_samples)
    assert sum(computed) == SMALL.frames + 1


@pytest.fixture
def computed_segments(monkeypatch: pytest.MonkeyPatch) -> list[Array]:
    """Return a list that receives each segment whose echo map is computed."""
    computed: list[Array] = []
    echo_map = EchoMap.map

    def counted(self: EchoMap, segment: Array) -> Array:
        computed.append(segment)
        return echo_map(self, segment)

    monkeypatch.setattr(EchoMap, 'map', counted)
    return computed


@pytest.mark.parametrize(('segments', 'hops_per_step', 'windows'), [(3, 3, 20), (4, 24, 100)])
def test_computes_the_echo_map_of_each_segment_once(
    signals: Signals, computed_segments: list[Array], segments: int, hops_per_step: int, windows: int
) -> None:
    step = hops_per_step * SMALL.hop_samples
    length = SMALL.window_samples + (segments - 1) * step
    spec = replace(SMALL, window_samples=length, echo_segments=segments, echo_step_samples=step)
    lead = -length % spec.hop_samples
    stream = Stream(spec, signals['noise'](3, lead + length + (windows - 1) * spec.hop_samples))
    stream.push_by_hop()
    assert stream.features.window_count == windows
    assert len(computed_segments) == windows + (segments - 1) * hops_per_step


def test_computes_the_echo_maps_again_for_other_microphones(signals: Signals, computed_segments: list[Array]) -> None:
    stream = Stream(SEGMENTS, signals['noise'](3, 5000))
    newest = stream.push_by_hop()
    computed_segments.clear()
    stream.features.set_active(TWO)
    for _ in range(2):
        stream.features.features(newest)
    assert len(computed_segments) == SEGMENTS.echo_segments
    stream.features.features(newest - SEGMENTS.echo_step_samples)
    assert len(computed_segments) == SEGMENTS.echo_segments + 1


def test_results_belong_to_the_caller(signals: Signals) -> None:
    stream = Stream(SMALL, signals['noise'](3, 4000))
    stream.push(0, 3008)
    first = stream.features.features(3008)
    kept = first.copy()
    stream.push(3008, 992)
    stream.features.features(3968)
    np.testing.assert_array_equal(first, kept)
