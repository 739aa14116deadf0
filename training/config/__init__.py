# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Configuration of experiments: data, fits, and YAML files that inherit from each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_manifold_ros.common.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from training.config.data_configuration import DataConfig
    from training.config.experiment_configuration import TrainingConfig
    from training.config.fit_configuration import FitConfig
    from training.config.yaml_inheritance import read_layers

__all__ = [
    'DataConfig',
    'FitConfig',
    'TrainingConfig',
    'read_layers',
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        'data_configuration': 'DataConfig',
        'experiment_configuration': 'TrainingConfig',
        'fit_configuration': 'FitConfig',
        'yaml_inheritance': 'read_layers',
    },
)
