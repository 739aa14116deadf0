# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Training data: simulated drives, splits, window cache, augmentation and the data module."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_manifold_ros.common.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from training.data.cache import WindowCache, open_cache
    from training.data.data_module import Batch, WindowDataModule
    from training.data.dataset_split import DatasetSplit, divide
    from training.data.resumable_sampler import ResumableBatchSampler
    from training.data.simulate import write_dataset, write_drive
    from training.data.simulation_settings import SimulationSettings
    from training.data.split_file import SplitFile
    from training.data.window_dataset import WindowDataset

__all__ = [
    'Batch',
    'DatasetSplit',
    'ResumableBatchSampler',
    'SimulationSettings',
    'SplitFile',
    'WindowCache',
    'WindowDataModule',
    'WindowDataset',
    'divide',
    'open_cache',
    'write_dataset',
    'write_drive',
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        'cache': 'WindowCache open_cache',
        'data_module': 'Batch WindowDataModule',
        'dataset_split': 'DatasetSplit divide',
        'resumable_sampler': 'ResumableBatchSampler',
        'simulate': 'write_dataset write_drive',
        'simulation_settings': 'SimulationSettings',
        'split_file': 'SplitFile',
        'window_dataset': 'WindowDataset',
    },
)
