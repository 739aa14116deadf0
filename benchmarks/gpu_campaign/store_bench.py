# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Process of a campaign that runs one bench on one device: `BENCH DEVICE PATH`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from audio_manifold_ros.common.files import write_json_atomic
from benchmarks.__main__ import measure_bench
from benchmarks.harness.device_choice import DEVICE_VARIABLE
from benchmarks.harness.short_mode import SHORT_VARIABLE


def main(name: str, device: str, path: str) -> int:
    """Run a bench and write its result. On a processor, only test that it runs. Return the exit status."""
    os.environ[DEVICE_VARIABLE] = device
    if device == 'cpu':
        os.environ[SHORT_VARIABLE] = '1'
    result = measure_bench(name)
    if result is None:
        return 1
    write_json_atomic(Path(path), {**result}, sort_keys=False)
    return 0


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
