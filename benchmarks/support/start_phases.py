# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Phases of the start of a perception node in one process: `python -m benchmarks.support.start_phases BUNDLE RIG`.

It prints one JSON line per phase: name, seconds, and resident megabytes after it.
"""

from __future__ import annotations

import importlib
import json
import math
import sys
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar('T')

IMPORTS = ('numpy', 'rclpy', 'onnxruntime', 'audio_manifold_ros.nodes.perception.perception_node')
STATM = Path('/proc/self/statm')
PAGE_BYTES, MEGABYTE = 4096, 1e6


def main(bundle_folder: str, rig_folder: str) -> None:
    """Import what the node imports, then load bundle, rig and networks as `configure` does, and predict once."""
    for module in IMPORTS:
        _measure(f'import {module}', partial(importlib.import_module, module))
    import numpy as np

    from audio_manifold_ros.audio.block import AudioBlock
    from audio_manifold_ros.inference.backend_factory import open_backend
    from audio_manifold_ros.inference.bundle.bundle import Bundle
    from audio_manifold_ros.inference.bundle_rig import BundleRig
    from audio_manifold_ros.processes.freed_memory import return_freed_memory

    bundle = _measure('bundle loaded and verified', lambda: Bundle.load(Path(bundle_folder)))
    used = _measure('rig', lambda: BundleRig.open(bundle, Path(rig_folder)))
    backend = _measure('networks loaded and run twice', lambda: open_backend(used.bundle, 'auto', threads=1))
    _measure('freed memory returned', return_freed_memory)
    rate_hz = bundle.manifest.features.sample_rate_hz
    pipeline = _measure('pipeline', lambda: used.make_pipeline(backend, rate_hz))
    features = bundle.manifest.features
    # A window is complete at the first hop after its last sample.
    hops = math.ceil(features.window_samples / features.hop_samples)
    shape = (max(used.array.device_channels) + 1, hops * features.hop_samples)
    samples = 0.1 * np.random.default_rng(0).standard_normal(shape, dtype=np.float32)
    _measure('features of the first window', lambda: pipeline.push(AudioBlock(samples, 0, rate_hz, 0)))
    if _measure('first prediction', pipeline.predict) is None:
        msg = f'{bundle_folder}: no prediction after the first window. Check the length of the audio.'
        raise RuntimeError(msg)


def _measure(name: str, work: Callable[[], T]) -> T:
    """Do the work of a phase, print its figures, and return its result."""
    began_s = time.perf_counter()
    result = work()
    seconds = time.perf_counter() - began_s
    resident_mb = int(STATM.read_text(encoding='ascii').split()[1]) * PAGE_BYTES / MEGABYTE
    print(json.dumps({'name': name, 'seconds': seconds, 'resident_mb': resident_mb}), flush=True)
    return result


if __name__ == '__main__':
    main(*sys.argv[1:])
