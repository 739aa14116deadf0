# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from audio_manifold_ros.common import class_ids
from audio_manifold_ros.common.class_ids import CLASS_NAMES, SKY


def test_ids_are_those_of_cityscapes() -> None:
    assert len(CLASS_NAMES) == 19
    assert [CLASS_NAMES.index(n) for n in ('road', 'building', 'car', 'bicycle')] == [0, 2, 13, 18]
    assert SKY == 10


def test_constants_match_the_order_of_the_names() -> None:
    for class_id, name in enumerate(CLASS_NAMES):
        assert getattr(class_ids, name.upper().replace(' ', '_')) == class_id
