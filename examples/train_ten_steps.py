# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Simulate a few streets and fit a small depth VQ-VAE for ten steps on the CPU.

    ./run exec python examples/train_ten_steps.py FOLDER

A real fit is a YAML file and `audio-manifold train run`, see docs/training.md.
"""

from __future__ import annotations

import sys
from pathlib import Path

from audio_manifold_ros.networks import VqVaeConfig
from training.config import DataConfig, FitConfig, TrainingConfig
from training.config.fit_configuration import MachineConfig
from training.data import write_drive
from training.fitting.fit_manifold import fit_manifold

STREETS = range(3000, 3010)


def main() -> None:
    """Run the example."""
    folder = Path(sys.argv[1])
    for seed in STREETS:
        write_drive(folder / 'drives', seed, seconds=2)
    config = TrainingConfig(
        name='ten_steps',
        output=str(folder / 'runs'),
        data=DataConfig(str(folder / 'drives'), cache=str(folder / 'cache'), validation=0.3, test=0.1, split_seed=4),
        manifolds={'depth': VqVaeConfig(codes=16, code_dim=8, first_features=8, features=16, residual_blocks=1)},
        at_nets=(),
        manifold_fit=FitConfig(batch_size=4, steps=10, validate_every_steps=5),
        machine=MachineConfig(accelerator='cpu', devices='1', threads=1),
    )
    print(f'best weights: {fit_manifold(config, "depth", config.manifold_fit)}')


if __name__ == '__main__':
    main()
