# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Evaluation: metrics, controls and reports for depth and segmentation images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_manifold_ros.common.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from audio_manifold_ros.evaluation.controls.pixel_prior import PixelPrior, PixelPriorBuilder
    from audio_manifold_ros.evaluation.metrics.depth_metrics import DepthMetrics
    from audio_manifold_ros.evaluation.metrics.metric_suite import MetricSuite
    from audio_manifold_ros.evaluation.metrics.segmentation_metrics import SegmentationMetrics
    from audio_manifold_ros.evaluation.metrics.skill_score import skill_scores
    from audio_manifold_ros.evaluation.reporting.contact_sheet import Snapshot, contact_sheet
    from audio_manifold_ros.evaluation.reporting.model_card import model_card
    from audio_manifold_ros.evaluation.reporting.video import Mp4Writer, write_video

__all__ = [
    'DepthMetrics',
    'MetricSuite',
    'Mp4Writer',
    'PixelPrior',
    'PixelPriorBuilder',
    'SegmentationMetrics',
    'Snapshot',
    'contact_sheet',
    'model_card',
    'skill_scores',
    'write_video',
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        'controls.pixel_prior': 'PixelPrior PixelPriorBuilder',
        'metrics.depth_metrics': 'DepthMetrics',
        'metrics.metric_suite': 'MetricSuite',
        'metrics.segmentation_metrics': 'SegmentationMetrics',
        'metrics.skill_score': 'skill_scores',
        'reporting.contact_sheet': 'Snapshot contact_sheet',
        'reporting.model_card': 'model_card',
        'reporting.video': 'Mp4Writer write_video',
    },
)
