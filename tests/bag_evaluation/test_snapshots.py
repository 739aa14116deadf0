# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audio_manifold_ros.bag_evaluation.snapshots import (
    SnapshotSampler,
    choose_snapshots,
    evenly_spaced,
)
from audio_manifold_ros.evaluation.reporting.contact_sheet import Snapshot, contact_sheet
from audio_manifold_ros.evaluation.reporting.video import draw_frame
from audio_manifold_ros.modalities.modality_images import ModalityImages


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


def snapshot(time_s: float, ages_s: dict[str, float]) -> Snapshot:
    none = ModalityImages()
    return Snapshot(time_s, np.zeros((1, 4, 4), np.float32), none, none, None, ages_s)


def test_instants_with_ground_truth_of_their_own_are_chosen_first() -> None:
    ages_s = {0.0: math.inf, 0.5: 0.0, 1.0: 0.5, 1.5: 0.0, 2.0: 0.5, 2.5: 0.0, 3.0: 0.5}
    items = [snapshot(time_s, {'depth': age_s}) for time_s, age_s in ages_s.items()]
    assert [item.time_s for item in choose_snapshots(items, 3)] == [0.5, 1.5, 2.5]
    assert [item.time_s for item in choose_snapshots([*items, *items], 5)] == [0.5, 1.0, 1.5, 2.5, 3.0]
    assert [item.time_s for item in choose_snapshots(items, 9)] == list(ages_s)
    without = [snapshot(float(second), {}) for second in range(11)]
    assert [item.time_s for item in choose_snapshots(without, 3)] == [0, 5, 10]


def test_the_age_of_held_images_is_written_on_sheet_and_frame() -> None:
    image = ModalityImages(np.full((8, 16), 5.0, np.float32), None)
    current, held, early = (
        Snapshot(time_s, np.zeros((1, 4, 4), np.float32), truth, image, None, {'depth': age_s})
        for time_s, truth, age_s in ((1.0, image, 0.0), (2.0, image, 1.0), (0.0, ModalityImages(), math.inf))
    )
    assert [item.describe_age('depth') for item in (current, held, early)] == ['', '1.0 s old', 'no image yet']
    for draw in (lambda item: contact_sheet([item, current], ''), lambda item: draw_frame(item, '', (0.0, 1.0))):
        assert len({draw(replace(item, time_s=0.0)).tobytes() for item in (current, held, early)}) == 3
