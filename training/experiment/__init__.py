# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Experiments: runs, scores, records and tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_manifold_ros.common.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from training.experiment.evaluate import evaluate_experiment, make_prior
    from training.experiment.experiment_inference import predict
    from training.experiment.run import ExperimentStage
    from training.experiment.tables import write_tables

__all__ = [
    'ExperimentStage',
    'evaluate_experiment',
    'make_prior',
    'predict',
    'write_tables',
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        'evaluate': 'evaluate_experiment make_prior',
        'experiment_inference': 'predict',
        'run': 'ExperimentStage',
        'tables': 'write_tables',
    },
)
