# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Fitting of manifolds, AT-nets and single-stage networks with Lightning."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_manifold_ros.common.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from training.fitting.direct_module import DirectModule
    from training.fitting.fit_history import FitHistory
    from training.fitting.fitted_networks import load_perception
    from training.fitting.joint_module import JointModule
    from training.fitting.lr_schedule import ScheduledModule, TrainingBudget
    from training.fitting.manifold_module import ManifoldModule
    from training.fitting.transform_module import TransformModule

__all__ = [
    'DirectModule',
    'FitHistory',
    'JointModule',
    'ManifoldModule',
    'ScheduledModule',
    'TrainingBudget',
    'TransformModule',
    'load_perception',
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        'direct_module': 'DirectModule',
        'manifold_module': 'ManifoldModule',
        'transform_module': 'TransformModule',
        'fit_history': 'FitHistory',
        'fitted_networks': 'load_perception',
        'joint_module': 'JointModule',
        'lr_schedule': 'ScheduledModule TrainingBudget',
    },
)
