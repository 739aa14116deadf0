# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Benchmark of endurance: half an hour of the shipped bundle at 45 Hz with the recorder.

It needs 13 GB in the folder for temporary files.
"""

from __future__ import annotations

from benchmarks.benches.endurance import awake_run, measure_runs, shipped_run
from benchmarks.benches.endurance_long import LENGTH_S, RATE_HZ
from benchmarks.harness.figure import Figure


def measure() -> list[Figure]:
    """Return the dropped windows, the received images and the growth."""
    return measure_runs([awake_run(shipped_run(RATE_HZ, LENGTH_S, is_recorded=True))])
