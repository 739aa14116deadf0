# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from audio_manifold_ros.processes.cpu_latency import NO_REQUEST_US, CpuLatencyRequest
from tests.cpu_latency_device import NEEDS_DEVICE, current_cpu_latency_us

ROOT = Path(__file__).parents[2]
HOLDER = """
import sys
from audio_manifold_ros.processes.cpu_latency import CpuLatencyRequest
request = CpuLatencyRequest()
request.request(7)
print('requested', flush=True)
sys.stdin.read()
"""


@NEEDS_DEVICE
def test_the_kernel_holds_the_request_until_it_is_replaced_or_closed() -> None:
    before_us = current_cpu_latency_us()
    request = CpuLatencyRequest()
    assert current_cpu_latency_us() == before_us
    request.request(5)
    assert (current_cpu_latency_us(), request.latency_us) == (min(5, before_us), 5)
    request.request(3)
    assert (current_cpu_latency_us(), request.latency_us) == (min(3, before_us), 3)
    request.request(NO_REQUEST_US)
    assert (current_cpu_latency_us(), request.latency_us) == (before_us, NO_REQUEST_US)
    request.request(5)
    request.close()
    request.close()
    assert (current_cpu_latency_us(), request.latency_us) == (before_us, NO_REQUEST_US)


@NEEDS_DEVICE
def test_the_request_ends_with_a_killed_process() -> None:
    before_us = current_cpu_latency_us()
    with subprocess.Popen(
        [sys.executable, '-c', HOLDER], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == 'requested\n'
        assert current_cpu_latency_us() == min(7, before_us)
        process.kill()
    assert current_cpu_latency_us() == before_us


def test_a_missing_device_leaves_no_request(tmp_path: Path) -> None:
    request = CpuLatencyRequest(tmp_path / 'missing' / 'device')
    with pytest.raises(FileNotFoundError):
        request.request(0)
    assert request.latency_us == NO_REQUEST_US
    request.close()


def test_a_refused_value_leaves_no_request() -> None:
    request = CpuLatencyRequest(Path('/dev/full'))
    with pytest.raises(OSError, match='No space'):
        request.request(0)
    assert request.latency_us == NO_REQUEST_US
