# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Process of one bench: `python -m benchmarks.harness.bench_process BENCH CORES PATH`."""

from __future__ import annotations

import importlib
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path


def main(name: str, cores: str, path: str) -> None:
    """Bind the process to cores, measure, and write the figures."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-int(cores) :])
    figures = importlib.import_module(f'benchmarks.benches.{name}').measure()
    Path(path).write_text(json.dumps([asdict(figure) for figure in figures]), encoding='utf-8')


if __name__ == '__main__':
    main(*sys.argv[1:])
