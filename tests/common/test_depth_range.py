# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Depth above 10 km is invalid wherever foreign depth is read."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from audio_manifold_ros.bags.decoding.rig_depth import RigDepth
from audio_manifold_ros.bags.statistics.fitness import GroundTruthContent
from audio_manifold_ros.common.depth_range import MAX_DEPTH_M, valid_depth

VALUES = np.array([[np.nan, np.inf, -np.inf, -1.0], [0.0, 0.5, MAX_DEPTH_M, 10_008.0]], dtype=np.float32)
EXPECTED = np.array([[np.nan] * 4, [np.nan, 0.5, MAX_DEPTH_M, np.nan]], dtype=np.float32)


def test_only_depth_of_the_range_is_valid() -> None:
    np.testing.assert_array_equal(valid_depth(VALUES), EXPECTED)
    assert valid_depth(VALUES, is_metric=False)[1, 3] == 10_008


def test_messages_of_bags_are_limited_and_the_reason_is_stated() -> None:
    message = SimpleNamespace(
        encoding='32FC1', height=2, width=4, step=16, is_bigendian=0, data=VALUES.tobytes(), header=None
    )
    decode = RigDepth(None).decode
    np.testing.assert_array_equal(decode(message), EXPECTED)
    content = GroundTruthContent()
    message.data = np.full((2, 4), 25_000, np.float32).tobytes()
    content.add_depth(decode(message))
    assert 'valid depth (above 0 and up to 10 km)' in content.obstacles('/depth', '/labels')[0]
