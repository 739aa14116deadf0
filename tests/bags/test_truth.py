# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from audio_manifold_ros.bags.bag_reader import BagReader
from audio_manifold_ros.bags.dataset_topics import find_topics
from audio_manifold_ros.bags.truth import BagTruth
from tests.bags.sound_bag import NS, START_NS, SoundBag


@pytest.fixture(scope='module')
def bag(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return SoundBag(seconds=2.0).write(tmp_path_factory.mktemp('truth') / 'drive')


def truth_of(reader: BagReader, **options: float) -> BagTruth:
    return BagTruth(reader, find_topics(str(reader.path), reader.topics), **options)


def test_the_nearest_image_is_the_truth(bag: Path) -> None:
    with BagReader(bag) as reader, truth_of(reader) as truth:
        before = truth.at(START_NS - NS)
        near = truth.at(START_NS + 520_000_000)
        between = truth.at(START_NS + 550_000_000)
        after = truth.at(START_NS + 30 * NS)
        report = truth.report()
    assert before is between is after is None
    assert near is not None
    assert np.isnan(near.depth_m[:32]).all()
    assert set(np.unique(near.labels)) == {0, 10, 13}
    assert report['depth'] == {
        'topic': '/truth/depth/image',
        'used': 1,
        'refused': 0,
        'apart_ms': {'p50': 20.0, 'p95': 20.0},
    }


def test_every_image_is_found_once_whatever_is_asked(bag: Path) -> None:
    with BagReader(bag) as reader, truth_of(reader) as truth:
        hits = [truth.at(START_NS + number * NS // 100) is not None for number in range(200)]
        assert len(truth._tracks['depth']._near) <= 2
    assert np.mean(hits) == pytest.approx(0.7, abs=0.02)  # within 30 ms of one in 100 ms


def test_the_offset_of_the_clocks_is_applied(bag: Path) -> None:
    with BagReader(bag) as reader, truth_of(reader, offset_s=0.05, tolerance_s=0.005) as truth:
        assert truth.at(START_NS + 500_000_000) is None
        assert truth.at(START_NS + 550_000_000) is not None
