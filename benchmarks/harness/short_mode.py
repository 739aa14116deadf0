# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Duration of benchmarks: `--short` only tests that they run, and stores nothing."""

from __future__ import annotations

import os

SHORT_VARIABLE = 'BENCHMARKS_SHORT'
SHORTENING_FACTOR = 20


def is_short() -> bool:
    """Return whether the benchmark runs in short mode."""
    return os.environ.get(SHORT_VARIABLE) == '1'


def scaled_duration_s(full: float) -> float:
    """Return the duration of a measurement that takes `full` seconds in full mode."""
    return max(full / SHORTENING_FACTOR, 3.0) if is_short() else full


def scaled_count(full: int) -> int:
    """Return the number of repetitions of work that is repeated `full` times in full mode."""
    return max(full // SHORTENING_FACTOR, 2) if is_short() else full
