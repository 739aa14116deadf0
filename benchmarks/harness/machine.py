# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Description of the machine for the reports."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version

from audio_manifold_ros.common.machine import processor_name
from benchmarks.harness.figure import Machine

PACKAGES = ('numpy', 'scipy', 'librosa', 'opencv-python-headless', 'onnxruntime', 'torch', 'ros-jazzy-rclpy')


def describe_machine() -> Machine:
    """Return processor, memory, system and versions as JSON values."""
    memory = os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES')
    return {
        'processor': processor_name(),
        'cores': os.cpu_count() or 1,
        'memory_gib': round(memory / 2**30, 1),
        'system': f'{platform.system()} {platform.release()} {platform.machine()}',
        'python': platform.python_version(),
        'packages': {name: found for name in PACKAGES if (found := _version(name))},
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
