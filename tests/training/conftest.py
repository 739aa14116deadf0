# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest

from audio_manifold_ros.networks.at_net import AtNetConfig
from audio_manifold_ros.networks.vq_vae import VqVaeConfig
from training.config.experiment_configuration import (
    CodebookConfig,
    DataConfig,
    FitConfig,
    MachineConfig,
    TrainingConfig,
)
from training.data.simulate import write_drive

STREETS = range(3000, 3010)
SIZES = {'codes': 16, 'code_dim': 8, 'first_features': 8, 'features': 16, 'residual_blocks': 1}


@pytest.fixture(scope='session')
def drives(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with drives of ten simulated streets, two windows each."""
    folder = tmp_path_factory.mktemp('streets')
    for seed in STREETS:
        write_drive(folder, seed, 2)
    return folder


@pytest.fixture(scope='session')
def data_config(drives: Path) -> DataConfig:
    """Return the data configuration of these drives, with a cache that all tests share."""
    cache = str(drives / 'cache')
    return DataConfig(str(drives), cache=cache, validation=0.3, test=0.1, split_seed=4, shard_drives=4, workers=1)


@pytest.fixture
def config(data_config: DataConfig, tmp_path: Path) -> TrainingConfig:
    """Return a small experiment."""
    return TrainingConfig(
        name='small',
        output=str(tmp_path / 'runs'),
        data=data_config,
        manifolds={'depth': VqVaeConfig(**SIZES), 'segmentation': VqVaeConfig(channels=19, **SIZES)},
        at_nets=(AtNetConfig(width=0.125, code_dim=8, dropout=0.0, modalities=('depth', 'segmentation')),),
        manifold_fit=FitConfig(batch_size=6, epochs=6, learning_rate=3e-3, validate_every_steps=6),
        transform_fit=FitConfig(
            batch_size=12, epochs=60, learning_rate=3e-3, schedule='one_cycle', validate_every_steps=60
        ),
        codebook=CodebookConfig(start_step=4, restart_every_steps=3),
        machine=MachineConfig(accelerator='cpu', devices='1', threads=1),
    )
