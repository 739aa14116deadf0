# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Benchmark of endurance: half an hour of the shipped bundle at 45 Hz, alone and with the recorder.

With the recorder it needs 13 GB in the folder for temporary files.
"""

from __future__ import annotations

from benchmarks.benches.endurance import measure_runs, shipped_runs
from benchmarks.harness.figure import Figure

RATE_HZ, LENGTH_S = 45.0, 1800.0


def measure() -> list[Figure]:
    """Return the dropped windows, the received images and the growth of both runs."""
    return measure_runs(shipped_runs(RATE_HZ, LENGTH_S))
