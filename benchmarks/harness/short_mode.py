# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How long a bench measures: `--short` tries whether it runs, and stores nothing."""

from __future__ import annotations

import os

SHORT = 'BENCHMARKS_SHORT'
FACTOR = 20


def is_short() -> bool:
    """Return whether the bench is only tried."""
    return os.environ.get(SHORT) == '1'


def seconds(full: float) -> float:
    """Return how long to measure what takes `full` seconds."""
    return max(full / FACTOR, 3.0) if is_short() else full


def times(full: int) -> int:
    """Return how often to do what is done `full` times."""
    return max(full // FACTOR, 2) if is_short() else full
