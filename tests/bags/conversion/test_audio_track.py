# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Audio track: exact samples, gaps where samples were lost, resampling that does not depend on the pieces."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from audio_manifold_ros.audio.resampler import resample
from audio_manifold_ros.bags.conversion.audio_track import AudioTrack
from audio_manifold_ros.bags.decoding.audio_chunk import AudioChunk, IndexedChunk
from audio_manifold_ros.bags.decoding.chunk_indexer import ChunkIndexer
from audio_manifold_ros.common.errors import BagError
from audio_manifold_ros.common.units import NS_PER_S

RATE_HZ = 22_500
EPOCH_NS = 1_700_000_000_123_456_789
RNG = np.random.default_rng(7)
SOUND = RNG.integers(-20_000, 20_000, (2, 6 * RATE_HZ), dtype=np.int16)


def chunk(
    first: int, end: int, *, index: int | None = -1, late_ns: int = 0, rate_hz: int = RATE_HZ, overflow: bool = False
) -> AudioChunk:
    """Return a chunk of SOUND. By default its index is its place in SOUND."""
    index = first if index == -1 else index
    stamp_ns = EPOCH_NS + first * NS_PER_S // rate_hz + late_ns
    return AudioChunk(SOUND[:, first:end], index, rate_hz, stamp_ns, index is None, overflow)


def indexed(chunks: Iterable[AudioChunk]) -> Iterator[IndexedChunk]:
    """Yield chunks with their own or an inferred index."""
    indexer = ChunkIndexer()
    for each in chunks:
        yield from indexer.push(each)
    yield from indexer.finish()


def assemble(track: AudioTrack, chunks: Iterable[AudioChunk]) -> dict[int, NDArray[np.int16]]:
    """Return the pieces joined into runs by the index of their first sample."""
    runs: dict[int, NDArray[np.int16]] = {}
    start = end = -1
    for samples, first in track.pieces(indexed(chunks)):
        assert first >= end, 'pieces overlap or come out of order'
        start = start if first == end else first
        runs[start] = np.concatenate([runs[start], samples], axis=1) if start in runs else samples
        end = first + samples.shape[1]
    return runs


@settings(deadline=None, max_examples=25)
@given(
    cuts=st.lists(st.integers(1, 44_999), min_size=0, max_size=12, unique=True),
    lost=st.sets(st.integers(0, 12), max_size=3),
    jitter_ms=st.lists(st.floats(-20, 20), min_size=13, max_size=13),
)
def test_what_is_not_lost_is_sample_exact(cuts: list[int], lost: set[int], jitter_ms: list[float]) -> None:
    edges = [0, *sorted(cuts), 45_000]
    kept = [(a, b) for i, (a, b) in enumerate(pairwise(edges)) if i not in lost]
    if not kept:
        return
    track = AudioTrack(RATE_HZ)
    runs = assemble(track, [chunk(a, b, late_ns=round(j * 1e6)) for (a, b), j in zip(kept, jitter_ms, strict=False)])
    held = {start: start + run.shape[1] for start, run in runs.items()}
    for start, run in runs.items():
        np.testing.assert_array_equal(run, SOUND[:, start : held[start]])
    assert sum(b - a for a, b in kept) == sum(run.shape[1] for run in runs.values()) == track.counts.samples
    assert track.counts.lost == kept[-1][1] - kept[0][0] - track.counts.samples
    assert track.counts.gaps == len(runs) - 1


def test_time_is_placed_between_jittering_stamps() -> None:
    late_ns = np.abs(np.random.default_rng(3).normal(0, 4e6, 200)).astype(int)
    track = AudioTrack(RATE_HZ)
    assemble(track, [chunk(600 * i, 600 * i + 600, late_ns=int(late_ns[i])) for i in range(200)])
    mean_ns = int(late_ns.mean())
    for sample in (300, 60_000, 119_900):
        assert abs(track.output_sample_at(EPOCH_NS + mean_ns + sample * NS_PER_S // RATE_HZ) - sample) < 0.002 * RATE_HZ


def test_exact_stamps_give_exact_samples() -> None:
    track = AudioTrack(RATE_HZ)
    assemble(track, [chunk(a, a + 450) for a in range(900, 45_000, 450)])
    for sample in (900, 11_250, 33_751, 44_999):
        assert track.output_sample_at(EPOCH_NS + sample * NS_PER_S // RATE_HZ) == sample


def test_a_device_that_runs_fast_is_followed() -> None:
    track = AudioTrack(RATE_HZ)
    fast = 1 + 200e-6
    chunks = (
        AudioChunk(
            SOUND[:, :4500], 4500 * i, RATE_HZ, EPOCH_NS + round(4500 * i * NS_PER_S / RATE_HZ / fast), inferred=False
        )
        for i in range(900)
    )
    for _ in track.pieces(indexed(chunks)):
        pass
    assert track.description()['drift_ppm'] == pytest.approx(200, abs=2)
    assert abs(track.output_sample_at(EPOCH_NS + 179 * NS_PER_S) - 179 * RATE_HZ * fast) < 2


@pytest.mark.parametrize('rate_hz', [48_000, 44_100, 16_000])
def test_resampling_in_pieces_equals_resampling_at_once(rate_hz: int) -> None:
    track = AudioTrack(RATE_HZ)
    edges = [0, 100, 5000, 5001, 50_000, 90_000]
    runs = assemble(track, [chunk(a, b, rate_hz=rate_hz) for a, b in pairwise(edges)])
    whole = resample(SOUND[:, :90_000].astype(np.float32), rate_hz, RATE_HZ)
    ((start, run),) = runs.items()
    assert start > 0, 'what the edge bends is left out'
    np.testing.assert_allclose(run, np.clip(whole, -32768, 32767)[:, start : start + run.shape[1]], atol=0.53)
    assert whole.shape[1] - (start + run.shape[1]) <= start + 1


def test_next_to_a_gap_the_samples_are_the_same_as_without_it() -> None:
    whole, holed = AudioTrack(RATE_HZ), AudioTrack(RATE_HZ)
    ((_, expected),) = assemble(whole, [chunk(0, 96_000, rate_hz=48_000)]).items()
    # 40,960 lies on a whole output sample; elsewhere a run lies up to half a sample off its position.
    runs = assemble(holed, [chunk(0, 40_000, rate_hz=48_000), chunk(40_960, 96_000, rate_hz=48_000)])
    first, second = sorted(runs)
    for start, run in runs.items():
        there = expected[:, start - first : start - first + run.shape[1]].astype(int)
        assert np.abs(run - there).max() <= 1
    assert first + runs[first].shape[1] <= 40_000 * RATE_HZ / 48_000
    assert second >= 40_960 * RATE_HZ / 48_000


def test_an_index_that_restarts_is_placed_by_time() -> None:
    track = AudioTrack(RATE_HZ)
    chunks = [chunk(a, a + 4500, index=a % 45_000) for a in range(0, 90_000, 4500)]
    chunks[10:12] = []
    runs = assemble(track, chunks)
    assert track.counts.restarts == 1
    assert sorted(runs) == [0, 54_000]
    np.testing.assert_array_equal(runs[54_000], SOUND[:, 54_000:90_000])


def test_repeated_messages_count_once() -> None:
    track = AudioTrack(RATE_HZ)
    runs = assemble(track, [chunk(0, 900), chunk(0, 900), chunk(900, 1800), chunk(450, 2700)])
    np.testing.assert_array_equal(runs[0], SOUND[:, :2700])
    assert track.counts.repeated == 900 + 1350


def test_an_unknown_loss_is_a_gap() -> None:
    track = AudioTrack(RATE_HZ)
    runs = assemble(track, [chunk(0, 900), chunk(900, 1800, overflow=True)])
    assert sorted(runs) == [0, 901]
    np.testing.assert_array_equal(runs[901], SOUND[:, 901:1800])
    assert track.counts.overflows == 1


def test_samples_that_are_not_finite_are_left_out() -> None:
    bad = SOUND[:, 900:1800] / np.float32(32768)
    bad[1, 3] = np.nan
    track = AudioTrack(RATE_HZ)
    runs = assemble(track, [chunk(0, 900), AudioChunk(bad, 900, RATE_HZ, EPOCH_NS, inferred=False), chunk(1800, 2700)])
    assert sorted(runs) == [0, 1800]
    assert track.counts.not_finite == 900


def without_index(lost: Sequence[int], *, seed: int, burst_at: int | None = None) -> list[AudioChunk]:
    """Return chunks of 20 ms with delays of some milliseconds. In a burst ten are stamped with the last one."""
    late_ns = np.abs(np.random.default_rng(seed).normal(0, 1.5e6, 200)).astype(int)
    if burst_at is not None:
        late_ns[burst_at : burst_at + 10] = np.arange(200_000_000, 0, -20_000_000)
    return [
        chunk(450 * i, 450 * i + 450, index=None, late_ns=int(late_ns[i])) for i in range(200) if i not in set(lost)
    ]


@settings(deadline=None, max_examples=15)
@given(lost=st.sets(st.integers(1, 198), max_size=6), seed=st.integers(0, 1000))
def test_losses_are_inferred_from_stamps(lost: set[int], seed: int) -> None:
    track = AudioTrack(RATE_HZ)
    assemble(track, without_index(sorted(lost), seed=seed))
    assert track.counts.lost_inferred == 450 * len(lost)
    assert track.counts.lost == 0


def test_a_late_burst_is_no_loss() -> None:
    track = AudioTrack(RATE_HZ)
    runs = assemble(track, without_index([], seed=1, burst_at=100))
    assert list(runs) == [0]
    assert track.counts.lost_inferred == 0
    assert assemble(AudioTrack(RATE_HZ), []) == {}


def test_another_rate_or_a_jump_of_days_is_refused() -> None:
    with pytest.raises(BagError, match='48000 Hz after 1 messages'):
        assemble(AudioTrack(RATE_HZ), [chunk(0, 900), chunk(900, 1800, rate_hz=48_000)])
    far = AudioChunk(SOUND[:, :9], 0, RATE_HZ, EPOCH_NS + 200_000 * NS_PER_S, inferred=False)
    with pytest.raises(BagError, match='jumps by 2'):
        assemble(AudioTrack(RATE_HZ), [chunk(0, 900), far])
    back = AudioTrack(RATE_HZ)
    assemble(back, [chunk(a, a + 900, late_ns=-2 * NS_PER_S if a >= 90_000 else 0) for a in range(0, 99_000, 900)])
    with pytest.raises(BagError, match='goes back by'):
        back.output_sample_at(EPOCH_NS)
    with pytest.raises(BagError, match='without audio'):
        AudioTrack(RATE_HZ).output_sample_at(0)
