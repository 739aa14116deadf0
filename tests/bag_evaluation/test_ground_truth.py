# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from audio_manifold_ros.bag_evaluation.ground_truth import BagGroundTruth
from audio_manifold_ros.bags.decoding.dataset_topics import find_topics
from audio_manifold_ros.bags.decoding.recorded_audio import RecordedAudio
from audio_manifold_ros.bags.decoding.rig_depth import RigDepth
from audio_manifold_ros.bags.storage.bag_reader import BagReader
from audio_manifold_ros.common.units import NS_PER_S
from tests.bags import drive_bags
from tests.bags.sound_bag import START_NS, SoundBag


@pytest.fixture(scope='module')
def bag(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return SoundBag(seconds=2.0).write(tmp_path_factory.mktemp('truth') / 'drive')


def ground_truth_of(reader: BagReader, **options: Any) -> BagGroundTruth:
    topics = find_topics(str(reader.path), reader.topics)
    return BagGroundTruth(reader, topics, RecordedAudio(reader, topics).span_ns(), RigDepth(None), **options)


def test_the_nearest_image_is_the_ground_truth(bag: Path) -> None:
    with BagReader(bag) as reader, ground_truth_of(reader) as truth:
        before = truth.at(START_NS - NS_PER_S)
        near = truth.at(START_NS + 520_000_000)
        between = truth.at(START_NS + 550_000_000)
        after = truth.at(START_NS + 30 * NS_PER_S)
        report = truth.report()
    assert before is between is after is None
    assert near is not None
    assert np.isnan(near.depth_m[:32]).all()
    assert set(np.unique(near.labels)) == {0, 10, 13}
    assert asdict(report['depth']) == {
        'topic': '/truth/depth/image',
        'used': 1,
        'refused': 0,
        'outside': 0,
        'apart_ms': {'p50': 20.0, 'p95': 20.0},
    }


def test_an_image_is_shown_until_the_next_one_with_its_age(bag: Path) -> None:
    with BagReader(bag) as reader, ground_truth_of(reader) as truth:
        early, before = truth.shown(START_NS - NS_PER_S)
        near, current = truth.shown(START_NS + 520_000_000)
        held, between = truth.shown(START_NS + 550_000_000)
        last, after = truth.shown(START_NS + 30 * NS_PER_S)
        assert truth.report()['depth'].used == 0, 'what is only shown is not counted as ground truth'
    assert early.depth_m is early.labels is None
    assert before == {'depth': math.inf, 'segmentation': math.inf}
    assert current == {'depth': 0.0, 'segmentation': 0.0}
    assert held.depth_m is near.depth_m
    assert between == {'depth': pytest.approx(0.05), 'segmentation': pytest.approx(0.05)}
    assert last.labels is not None
    assert after['depth'] > 28


def test_every_request_within_the_tolerance_finds_an_image(bag: Path) -> None:
    with BagReader(bag) as reader, ground_truth_of(reader) as truth:
        hits = [truth.at(START_NS + number * NS_PER_S // 100) is not None for number in range(200)]
        assert len(truth._topics['depth']._images._near) <= 2
    assert np.mean(hits) == pytest.approx(0.7, abs=0.02)  # within 30 ms of one in 100 ms


def test_the_offset_of_the_clocks_is_applied(bag: Path) -> None:
    with BagReader(bag) as reader, ground_truth_of(reader, offset_s=0.05, tolerance_ns=5_000_000) as truth:
        assert truth.at(START_NS + 500_000_000) is None
        assert truth.at(START_NS + 550_000_000) is not None


def test_a_source_that_starts_before_its_clock_hides_no_ground_truth(tmp_path: Path) -> None:
    late = drive_bags.write_bag(tmp_path / 'bag', drive_bags.sound(2 * 22_500), [0.5], unstamped_block=0)
    with BagReader(late) as reader, ground_truth_of(reader) as truth:
        assert truth.at(drive_bags.EPOCH_NS + NS_PER_S // 2) is not None


def test_a_wrong_stamp_loses_only_its_own_image(tmp_path: Path) -> None:
    times_s = [number / 10 for number in range(20)]
    sound, wrong_s = drive_bags.sound(2 * 22_500), {3: 3600, 5: -3600}
    late = drive_bags.write_bag(tmp_path / 'bag', sound, times_s, depth_shifts_s=wrong_s)
    with BagReader(late) as reader, ground_truth_of(reader) as truth:
        seen = [truth.at(drive_bags.EPOCH_NS + round(time_s * NS_PER_S)) for time_s in times_s]
        report = truth.report()
    assert [number for number, images in enumerate(seen) if images.depth_m is None] == [3, 5]
    assert all(images.labels is not None for images in seen)
    assert (report['depth'].used, report['depth'].outside) == (18, 2)
