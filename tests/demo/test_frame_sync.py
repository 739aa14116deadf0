# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from audio_manifold_ros.demo.frame_sync import (
    MAX_WAITING,
    DemoFrame,
    FrameAssembler,
    FrameSampler,
    GroundTruth,
    GroundTruthBuffer,
)

EMPTY = np.zeros((1, 1))


def make_frame(stamp_ns: int) -> DemoFrame:
    return DemoFrame(stamp_ns, None, None, EMPTY.astype(np.float32), EMPTY.astype(np.uint8), None)


def make_ground_truth(stamp_ns: int) -> GroundTruth:
    return GroundTruth(stamp_ns, EMPTY.astype(np.float32), EMPTY.astype(np.uint8))


@given(st.permutations([(stamp, part) for stamp in range(4) for part in 'abc']))
@settings(deadline=None, max_examples=50)
def test_parts_are_joined_in_whatever_order_they_come(order: list[tuple[int, str]]) -> None:
    assembler = FrameAssembler(frozenset('abc'))
    found = {}
    for stamp, part in order:
        parts = assembler.add(stamp, part, (stamp, part))
        if parts is not None:
            found[stamp] = parts
    assert found == {stamp: {part: (stamp, part) for part in 'abc'} for stamp in range(4)}


def test_what_stays_incomplete_is_forgotten() -> None:
    assembler = FrameAssembler(frozenset('ab'))
    for stamp in range(MAX_WAITING + 1):
        assert assembler.add(stamp, 'a', stamp) is None
    assert assembler.add(0, 'b', 0) is None
    assert assembler.add(MAX_WAITING, 'b', 1) == {'a': MAX_WAITING, 'b': 1}


def test_the_truth_is_the_nearest_image_if_it_is_near() -> None:
    buffer = GroundTruthBuffer(tolerance_s=0.03, length=5)
    assert buffer.nearest(0) is None
    for i in range(10):
        buffer.add(make_ground_truth(i * 50_000_000))
    nearest = buffer.nearest(470_000_000)
    assert nearest is not None
    assert nearest.stamp_ns == 450_000_000
    assert buffer.nearest(485_000_000) is None
    assert buffer.nearest(0) is None, 'only five are kept'


@given(st.integers(min_value=1, max_value=2000))
@settings(deadline=None, max_examples=30)
def test_an_album_covers_the_whole_drive_at_even_distances(images: int) -> None:
    frame_sampler = FrameSampler(rate_hz=10.0, capacity=40)
    period_ns = 33_333_333
    for i in range(images):
        if frame_sampler.is_due(i * period_ns):
            frame_sampler.add(make_frame(i * period_ns))
    stamps = np.array([frame.stamp_ns for frame in frame_sampler.frames])
    assert 1 <= len(stamps) <= 41
    assert stamps[0] == 0
    last = (images - 1) * period_ns
    if len(stamps) > 2:
        steps = np.diff(stamps)
        assert steps.max() <= 2.1 * steps.min()
        assert last - stamps[-1] <= 2.1 * steps.max()
