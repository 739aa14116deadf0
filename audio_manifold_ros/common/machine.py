# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Processor or board that a measurement was made on."""

from __future__ import annotations

import os
import platform
from pathlib import Path

CPU_INFO = Path('/proc/cpuinfo')
# Boards with ARM cores have their name in this file and no processor name in the other one.
BOARD_MODEL = Path('/proc/device-tree/model')


def processor_name(cpu_info: Path = CPU_INFO, board_model: Path = BOARD_MODEL) -> str:
    """Return the name of the processor as reported by the kernel, or else that of the board, or '' without either."""
    name = processor_facts(cpu_info).get('model name', '')
    return name or _text(board_model).rstrip('\0\n') or platform.processor()


def processor_facts(cpu_info: Path = CPU_INFO) -> dict[str, str]:
    """Return the fields of the first processor as reported by the kernel, empty on a machine without that file."""
    first = _text(cpu_info).strip().partition('\n\n')[0]
    fields = (line.partition(':') for line in first.splitlines())
    return {key.strip(): value.strip() for key, _, value in fields}


def describe_training_machine() -> dict[str, object]:
    """Return the machine of this process and its torch version, as plain values."""
    import torch

    return {
        'system': f'{platform.system()} {platform.machine()}',
        'processor': processor_name(),
        'cores': os.cpu_count(),
        'gpus': [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())],
        'python': platform.python_version(),
        'torch': torch.__version__,
    }


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding='utf-8', errors='replace')
    except OSError:
        return ''
