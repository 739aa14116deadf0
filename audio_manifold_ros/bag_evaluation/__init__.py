# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Evaluation of a bundle on a bag: predictions, ground truth, scores, controls, report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_manifold_ros.common.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from audio_manifold_ros.bag_evaluation.bag_scores import BagScores
    from audio_manifold_ros.bag_evaluation.evaluation_session import EvaluationOptions, EvaluationSession
    from audio_manifold_ros.bag_evaluation.ground_truth import BagGroundTruth, GroundTruthTopic
    from audio_manifold_ros.bag_evaluation.offline_inference import InferenceStep, OfflineInference
    from audio_manifold_ros.bag_evaluation.run_evaluation import OfflineSource, PredictionSource, evaluate_bag
    from audio_manifold_ros.bag_evaluation.snapshots import SnapshotSampler
    from audio_manifold_ros.bag_evaluation.time_shift_control import TimeShiftedControl

__all__ = [
    'BagGroundTruth',
    'BagScores',
    'EvaluationOptions',
    'EvaluationSession',
    'GroundTruthTopic',
    'InferenceStep',
    'OfflineInference',
    'OfflineSource',
    'PredictionSource',
    'SnapshotSampler',
    'TimeShiftedControl',
    'evaluate_bag',
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        'bag_scores': 'BagScores',
        'evaluation_session': 'EvaluationOptions EvaluationSession',
        'ground_truth': 'BagGroundTruth GroundTruthTopic',
        'offline_inference': 'InferenceStep OfflineInference',
        'run_evaluation': 'OfflineSource PredictionSource evaluate_bag',
        'snapshots': 'SnapshotSampler',
        'time_shift_control': 'TimeShiftedControl',
    },
)
