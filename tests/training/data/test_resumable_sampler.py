# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from training.data.resumable_sampler import ResumableBatchSampler


@settings(deadline=None, max_examples=50)
@given(windows=st.integers(1, 60), batch_size=st.integers(1, 9), devices=st.integers(1, 3), seed=st.integers(0, 5))
def test_all_devices_together_use_each_window_once_in_a_round(
    windows: int, batch_size: int, devices: int, seed: int
) -> None:
    if windows < devices:
        return
    loaders = [
        ResumableBatchSampler(windows, batch_size, 40, seed=seed, devices=(rank, devices)) for rank in range(devices)
    ]
    steps = loaders[0].batches_per_round
    rounds = []
    for first in (0, steps):
        yielded = [place for loader in loaders for step in range(first, first + steps) for place in loader.batch(step)]
        assert len(yielded) == len(set(yielded)) == steps * devices * min(batch_size, windows // devices)
        assert windows - len(yielded) < devices * min(batch_size, windows // devices)
        rounds.append(yielded)
    if windows > 20:
        assert rounds[0] != rounds[1], 'each round has another order'


@settings(deadline=None, max_examples=30)
@given(start=st.integers(0, 30), seed=st.integers(0, 3))
def test_a_resumed_order_is_the_rest_of_the_full_order(start: int, seed: int) -> None:
    full_order = list(ResumableBatchSampler(17, 4, 30, seed=seed))
    assert list(ResumableBatchSampler(17, 4, 30, seed=seed, first_step=lambda: start)) == full_order[start:]
    assert full_order != list(ResumableBatchSampler(17, 4, 30, seed=seed + 1))
