# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from audio_manifold_ros.common.units import NS_PER_S
from audio_manifold_ros.simulation.street_clock import street_start_ns


def test_streets_have_their_own_minute_within_ros_time() -> None:
    assert street_start_ns(8) - street_start_ns(7) == 60 * NS_PER_S
    seeds = [0, 1, 899_999, 900_001, 6_999_999]
    assert len({street_start_ns(seed) for seed in seeds}) == len(seeds)
    assert max(street_start_ns(seed) for seed in (*seeds, 2**31 - 1)) < 2**31 * NS_PER_S
