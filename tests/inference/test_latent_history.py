# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Latents of earlier windows: the nearest one in time, zeros for missing ones, and bounded memory."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from audio_manifold_ros.inference.latent_history import LatentHistory

SHAPE, STEP = (3, 2, 1, 1), 100


def filled(ends: list[int]) -> LatentHistory:
    """Return a history in which the latents of a window are its end."""
    history = LatentHistory(SHAPE, STEP)
    for end in ends:
        history.add(end, np.full(SHAPE[1:], end, dtype=np.float32))
    return history


def past_ends(history: LatentHistory, window_end: int) -> list[float]:
    return history.past(window_end).reshape(SHAPE)[:, 0, 0, 0].tolist()


def test_windows_at_multiples_of_the_step_are_found_earliest_first() -> None:
    assert past_ends(filled([700, 800, 900]), 1000) == [700, 800, 900]


def test_the_nearest_window_is_taken() -> None:
    assert past_ends(filled([690, 730, 790, 860, 910]), 1000) == [690, 790, 910]


def test_missing_windows_are_zeros() -> None:
    assert past_ends(LatentHistory(SHAPE, STEP), 1000) == [0, 0, 0]
    assert past_ends(filled([900]), 1000) == [0, 0, 900]
    # After a gap no window is near enough.
    assert past_ends(filled([700, 800, 900]), 1400) == [0, 0, 0]


def test_a_window_is_not_its_own_past() -> None:
    assert past_ends(filled([970, 1000]), 1000) == [0, 0, 0]


def test_an_emptied_history_has_no_windows_and_leaves_the_old_one() -> None:
    history = filled([700, 800, 900])
    assert past_ends(history.emptied(), 1000) == [0, 0, 0]
    assert past_ends(history, 1000) == [700, 800, 900]


@given(st.lists(st.integers(1, 60), min_size=1, max_size=80))
def test_the_past_is_that_of_a_search_over_all_windows(gaps: list[int]) -> None:
    ends = np.cumsum(gaps) + 1000
    history = filled(ends.tolist())
    window_end = int(ends[-1]) + 30
    expected = []
    for place in range(SHAPE[0]):
        wanted = window_end - (SHAPE[0] - place) * STEP
        near = [end for end in ends.tolist() if abs(end - wanted) <= STEP / 2]
        expected.append(min(near, key=lambda end, wanted=wanted: abs(end - wanted), default=0))
    found = past_ends(history, window_end)
    # Of two windows at the same distance, either one is right.
    for place, (ours, theirs) in enumerate(zip(found, expected, strict=True)):
        wanted = window_end - (SHAPE[0] - place) * STEP
        assert abs(ours - wanted) == abs(theirs - wanted)


def test_memory_is_bounded() -> None:
    history = filled(list(range(10, 100_000, 10)))
    assert len(history._kept) <= (SHAPE[0] + 1) * STEP // 10 + 1
