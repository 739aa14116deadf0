# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Precision of a fit: `auto` is half precision where the device computes faster with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from audio_manifold_ros.common.machine import CPU_INFO, processor_facts

if TYPE_CHECKING:
    from pathlib import Path

AUTO, SINGLE, HALF = 'auto', '32-true', 'bf16-mixed'
# Flags of processors that multiply matrices of bfloat16 faster than single precision: x86 and ARM.
HALF_FLAGS = frozenset({'amx_bf16', 'bf16'})
# Measured on networks on spatial maps: with this flag a step takes half the time on AMD EPYC, and 1.04 to 1.4 times as
# long on Intel Xeon without AMX.
AMD, AMD_HALF_FLAG = 'AuthenticAMD', 'avx512_bf16'


def resolve_precision(precision: str, accelerator: str, cpu_file: Path = CPU_INFO) -> str:
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
    processor = processor_facts(cpu_file)
    flags = {*processor.get('flags', '').split(), *processor.get('Features', '').split()}
    is_faster = HALF_FLAGS & flags or (processor.get('vendor_id') == AMD and AMD_HALF_FLAG in flags)
    return HALF if is_faster else SINGLE
