# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Precision of a fit: `auto` is half precision where the device computes faster with it."""

from __future__ import annotations

from pathlib import Path

import torch

AUTO, SINGLE, HALF = 'auto', '32-true', 'bf16-mixed'
# Flags of processors that multiply matrices of bfloat16: x86 and ARM.
HALF_FLAGS = frozenset({'avx512_bf16', 'amx_bf16', 'bf16'})
CPU_FILE = Path('/proc/cpuinfo')


def resolve_precision(precision: str, accelerator: str, cpu_file: Path = CPU_FILE) -> str:
    """Return the precision of Lightning for a precision of the configuration, which may be `auto`.

    Args:
        precision: Precision of `MachineConfig`.
        accelerator: Accelerator of `MachineConfig`.
        cpu_file: Description of the processor. A machine without it computes in single precision.

    """
    if precision != AUTO:
        return precision
    if accelerator != 'cpu' and torch.cuda.is_available():
        return HALF if torch.cuda.is_bf16_supported() else SINGLE
    return HALF if HALF_FLAGS & _processor_flags(cpu_file) else SINGLE


def _processor_flags(cpu_file: Path) -> frozenset[str]:
    try:
        lines = cpu_file.read_text(encoding='utf-8', errors='replace').splitlines()
    except OSError:
        return frozenset()
    found = (line.partition(':')[2].split() for line in lines if line.startswith(('flags', 'Features')))
    return frozenset(next(found, []))
