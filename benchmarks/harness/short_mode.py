# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How long a bench measures: `--short` tries whether it runs, and stores nothing."""

from __future__ import annotations

import os

SHORT_VARIABLE = 'BENCHMARKS_SHORT'
SHORTENING_FACTOR = 20


def is_short() -> bool:
    """Return whether the bench is only tried."""
    return os.environ.get(SHORT_VARIABLE) == '1'


def scaled_duration_s(full: float) -> float:
    """Return how long to measure what takes `full` seconds."""
    return max(full / SHORTENING_FACTOR, 3.0) if is_short() else full


def scaled_count(full: int) -> int:
    """Return how often to do what is done `full` times."""
    return max(full // SHORTENING_FACTOR, 2) if is_short() else full
