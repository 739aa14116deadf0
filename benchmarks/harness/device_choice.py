# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Devices of a benchmark: all of them, or one, where the time is short."""

from __future__ import annotations

import os

DEVICE_VARIABLE = 'BENCHMARKS_DEVICE'
CPU, CUDA = 'cpu', 'cuda'


def measures_on(device: str) -> bool:
    """Return whether the benchmark measures on a device. Without the environment variable, it measures on all."""
    return os.environ.get(DEVICE_VARIABLE, device) == device
