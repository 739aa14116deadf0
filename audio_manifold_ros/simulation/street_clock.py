# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Time of simulated streets. Each has a start of its own, so that recordings of different streets do not overlap."""

from __future__ import annotations

from audio_manifold_ros.common.units import NS_PER_S

# The clock of the machine is not used: the same street gives the same recording, byte for byte. The longest street
# takes a minute. The range ends before the last second of ROS time.
FIRST_START_S, STREET_SPACING_S, START_RANGE_S = 1_700_000_000, 60, 420_000_000


def street_start_ns(seed: int) -> int:
    """Return the instant of sample 0 of a street in ns. It is distinct for all seeds below 7 million."""
    return (FIRST_START_S + seed * STREET_SPACING_S % START_RANGE_S) * NS_PER_S
