# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Metrics of depth and segmentation images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_manifold_ros.common.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from audio_manifold_ros.evaluation.metrics.boundary_f_score import BoundaryFScore
    from audio_manifold_ros.evaluation.metrics.confidence_report import ConfidenceReport
    from audio_manifold_ros.evaluation.metrics.depth_metrics import DepthMetrics
    from audio_manifold_ros.evaluation.metrics.full_resolution_scores import FullResolutionScores
    from audio_manifold_ros.evaluation.metrics.metric_conventions import MetricConventions
    from audio_manifold_ros.evaluation.metrics.metric_suite import MetricSuite
    from audio_manifold_ros.evaluation.metrics.object_metrics import ObjectMetrics
    from audio_manifold_ros.evaluation.metrics.segmentation_metrics import SegmentationMetrics
    from audio_manifold_ros.evaluation.metrics.skill_score import skill_scores
    from audio_manifold_ros.evaluation.metrics.structure_metrics import StructureMetrics
    from audio_manifold_ros.evaluation.metrics.vehicle_metrics import VehicleScore, vehicle_scores

__all__ = [
    'BoundaryFScore',
    'ConfidenceReport',
    'DepthMetrics',
    'FullResolutionScores',
    'MetricConventions',
    'MetricSuite',
    'ObjectMetrics',
    'SegmentationMetrics',
    'StructureMetrics',
    'VehicleScore',
    'skill_scores',
    'vehicle_scores',
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        'boundary_f_score': 'BoundaryFScore',
        'confidence_report': 'ConfidenceReport',
        'depth_metrics': 'DepthMetrics',
        'full_resolution_scores': 'FullResolutionScores',
        'metric_conventions': 'MetricConventions',
        'metric_suite': 'MetricSuite',
        'object_metrics': 'ObjectMetrics',
        'segmentation_metrics': 'SegmentationMetrics',
        'skill_score': 'skill_scores',
        'structure_metrics': 'StructureMetrics',
        'vehicle_metrics': 'VehicleScore vehicle_scores',
    },
)
