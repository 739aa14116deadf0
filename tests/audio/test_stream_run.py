# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Runs of a stream: continuity, gaps, and complete windows compared with a count by hand."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from audio_manifold_ros.audio.stream_run import StreamRun, extend_run


def test_a_run_starts_again_at_a_gap() -> None:
    run = extend_run(extend_run(None, 100, 256), 356, 256)
    assert run == StreamRun(100, 612)
    assert extend_run(run, 613, 10) == StreamRun(613, 623), 'one lost sample'
    assert extend_run(run, 0, 10) == StreamRun(0, 10), 'a restarted index'
    assert extend_run(run, 612, 0) == run, 'an empty block'


@given(start=st.integers(0, 10_000), length=st.integers(0, 5000), window=st.integers(1, 900), hop=st.integers(1, 300))
def test_windows_are_complete_when_their_last_sample_is_there(start: int, length: int, window: int, hop: int) -> None:
    run = StreamRun(start, start + length)
    whole_hops = -(-window // hop)
    ends = range(start + whole_hops * hop, start + length + 1, hop)
    assert run.first_window_start(window, hop) == ends.start - window
    assert run.window_count(window, hop) == len(ends)
    assert run.newest_window_end(window, hop) == (ends[-1] if ends else None)


def test_a_window_of_22500_samples_ends_with_a_block_of_256() -> None:
    run = StreamRun(1000, 1000 + 88 * 256)
    assert run.newest_window_end(22_500, 256) == run.end
    assert run.first_window_start(22_500, 256) == 1028
    assert StreamRun(1000, run.end - 1).newest_window_end(22_500, 256) is None
