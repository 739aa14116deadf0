# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Current CPU latency request of the kernel, for tests."""

from __future__ import annotations

import os

import pytest

from audio_manifold_ros.processes.cpu_latency import DEVICE, VALUE

NEEDS_DEVICE = pytest.mark.skipif(
    not os.access(DEVICE, os.R_OK | os.W_OK), reason=f'this user may not read and write {DEVICE}'
)


def current_cpu_latency_us() -> int:
    """Return the smallest request of all processes."""
    with DEVICE.open('rb', buffering=0) as file:
        return int(VALUE.unpack(file.read(VALUE.size))[0])
