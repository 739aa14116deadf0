# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a fit is computed on."""

from __future__ import annotations

import os
import platform
from typing import Any

import torch

from audio_manifold_ros.common.machine import processor_name


def describe_machine() -> dict[str, Any]:
    """Return what this process computes on, as plain values."""
    gpus = [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]
    return {
        'system': f'{platform.system()} {platform.machine()}',
        'processor': processor_name(),
        'cores': os.cpu_count(),
        'gpus': gpus,
        'python': platform.python_version(),
        'torch': torch.__version__,
    }
