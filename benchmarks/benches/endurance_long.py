# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Benchmark of endurance: half an hour of the shipped bundle at 45 Hz."""

from __future__ import annotations

from benchmarks.benches.endurance import awake_run, measure_runs, shipped_run
from benchmarks.harness.figure import Figure

RATE_HZ, LENGTH_S = 45.0, 1800.0


def measure() -> list[Figure]:
    """Return the dropped windows, the received images and the growth."""
    return measure_runs([awake_run(shipped_run(RATE_HZ, LENGTH_S, is_recorded=False))])
