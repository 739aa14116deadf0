# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Benchmark of a training step on a CPU, with freed memory kept by the process or returned to the system.

Each setting needs its own process: `python -m benchmarks.benches.training_step SYSTEM SETTING STEPS`.
"""

from __future__ import annotations

import json
import subprocess
import sys
from statistics import median
from time import process_time
from typing import Any

import torch

from audio_manifold_ros.features.kinds import require_mel
from audio_manifold_ros.networks.single_stage import SingleStageNetwork
from audio_manifold_ros.processes.freed_memory import keep_freed_memory
from benchmarks.benches.systems import SYSTEMS
from benchmarks.harness.figure import Figure, faster
from benchmarks.harness.short_mode import scaled_count
from training.config.experiment_configuration import TrainingConfig
from training.fitting.losses import image_loss, loss_weight

LEARNING_SYSTEMS = ('omninet_8ch_both', 'end_to_end_8x8')
KEEP_FREED, RETURN_FREED = 'kept', 'given back'
BATCH, MICROPHONES = 32, 8
WARM_STEPS, STEPS, ROUNDS = 3, 4, 3


def measure() -> list[Figure]:
    """Return the figures of some systems. Processes with both settings take turns."""
    figures = []
    for system in LEARNING_SYSTEMS:
        rates: dict[str, list[float]] = {KEEP_FREED: [], RETURN_FREED: []}
        for _ in range(scaled_count(ROUNDS)):
            for mode, found in rates.items():
                found.append(_run_in_process(system, mode))
        unit = 'training windows per s of processor time'
        kept, given_back = (median(rates[mode]) for mode in (KEEP_FREED, RETURN_FREED))
        figures.append(
            faster(f'{system}: freed memory is kept', kept, unit, 'glibc returns it to the system', given_back)
        )
    return figures


def windows_per_s(system: str, mode: str, steps: int) -> float:
    """Return the number of training windows per second of processor time."""
    if mode == KEEP_FREED and not keep_freed_memory():
        msg = 'This C library has no setting to keep freed memory: the comparison is impossible.'
        raise RuntimeError(msg)
    torch.set_num_threads(1)
    torch.manual_seed(0)
    config = TrainingConfig.from_yaml(SYSTEMS / f'{system}.yaml')
    spec, direct = require_mel(config.data.features), config.direct[0]
    network = SingleStageNetwork(direct).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimizer = torch.optim.AdamW(network.parameters())
    features = torch.randn(BATCH, MICROPHONES, spec.height, spec.width)
    batch: Any = {'depth': torch.rand(BATCH, 1, 128, 128), 'labels': torch.randint(0, 19, (BATCH, 128, 128))}
    seconds = []
    for _ in range(WARM_STEPS + steps):
        began_s = process_time()
        optimizer.zero_grad()
        images = network(features.contiguous(memory_format=torch.channels_last))
        losses = [
            loss_weight(name, config.losses) * image_loss(name, image, batch, config.losses)
            for name, image in images.items()
        ]
        torch.stack(losses).sum().backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        seconds.append(process_time() - began_s)
    return BATCH / median(seconds[WARM_STEPS:])


def _run_in_process(system: str, mode: str) -> float:
    command = [sys.executable, '-m', 'benchmarks.benches.training_step', system, mode, str(scaled_count(STEPS))]
    return float(json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout))


if __name__ == '__main__':
    print(json.dumps(windows_per_s(sys.argv[1], sys.argv[2], int(sys.argv[3]))))
