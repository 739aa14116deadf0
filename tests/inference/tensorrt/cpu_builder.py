# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Builds an engine in a process that a test can kill."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))

from audio_manifold_ros.inference.bundle.bundle import Bundle
from audio_manifold_ros.inference.tensorrt.build_engine import build_engine
from audio_manifold_ros.inference.tensorrt.engine_cache import EngineCache
from tests.inference.tensorrt import cpu_compiler

if __name__ == '__main__':
    build_engine(
        Bundle.load(sys.argv[1]),
        cpu_compiler.CpuToolchain(),
        precision='fp32',
        cache=EngineCache(Path(sys.argv[2])),
        report=lambda text: print(text, flush=True),
        stage=(sys.executable, cpu_compiler.__file__),
    )
