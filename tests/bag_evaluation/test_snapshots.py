# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audio_manifold_ros.bag_evaluation.snapshots import SnapshotSampler, evenly_spaced


@given(st.integers(min_value=1, max_value=2000))
@settings(deadline=None, max_examples=30)
def test_samples_cover_the_whole_drive_at_even_intervals(images: int) -> None:
    sampler: SnapshotSampler[int] = SnapshotSampler(0.1, capacity=40)
    period_ns = 33_333_333
    for stamp_ns in range(0, images * period_ns, period_ns):
        sampler.add(stamp_ns, stamp_ns)
    stamps = np.array(sampler.items)
    assert 1 <= len(stamps) <= 41
    assert stamps[0] == 0
    last = (images - 1) * period_ns
    if len(stamps) > 2:
        steps = np.diff(stamps)
        assert steps.max() <= 2.1 * steps.min()
        assert last - stamps[-1] <= 2.1 * steps.max()


def test_an_item_that_is_not_due_is_not_kept() -> None:
    sampler: SnapshotSampler[str] = SnapshotSampler(0.1)
    sampler.add(0, 'first')
    assert not sampler.is_due(90_000_000)
    sampler.add(90_000_000, 'early')
    assert sampler.is_due(99_500_000), 'stamps may jitter by 1 %'
    sampler.add(99_500_000, 'second')
    assert sampler.items == ['first', 'second']


@pytest.mark.parametrize(
    ('length', 'count', 'expected'), [(0, 6, []), (1, 6, [0]), (4, 6, [0, 1, 2, 3]), (11, 3, [0, 5, 10])]
)
def test_evenly_spaced_items_include_the_first_and_the_last(length: int, count: int, expected: list[int]) -> None:
    assert evenly_spaced(range(length), count) == expected
