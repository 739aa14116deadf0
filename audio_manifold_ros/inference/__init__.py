# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Inference: bundles, backends, and the pipeline from audio blocks to predictions."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from audio_manifold_ros.common.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from audio_manifold_ros.inference.backend_factory import BackendRequest, open_backend
    from audio_manifold_ros.inference.bundle.bundle import Bundle, write_bundle
    from audio_manifold_ros.inference.bundle.manifest import Manifest
    from audio_manifold_ros.inference.bundle.prediction import NetworkOutput, Prediction
    from audio_manifold_ros.inference.bundle_rig import BundleRig
    from audio_manifold_ros.inference.channel_policy import ChannelPlan, plan_channels
    from audio_manifold_ros.inference.pipeline import Pipeline
    from audio_manifold_ros.inference.pipeline_settings import PipelineSettings
    from audio_manifold_ros.inference.pipeline_status import PipelineStatus
    from audio_manifold_ros.inference.prediction_scheduler import PredictionScheduler
    from audio_manifold_ros.inference.stream_session import StreamSession

__all__ = [
    'BackendRequest',
    'Bundle',
    'BundleRig',
    'ChannelPlan',
    'Manifest',
    'NetworkOutput',
    'Pipeline',
    'PipelineSettings',
    'PipelineStatus',
    'Prediction',
    'PredictionScheduler',
    'StreamSession',
    'open_backend',
    'plan_channels',
    'write_bundle',
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        'backend_factory': 'BackendRequest open_backend',
        'bundle.bundle': 'Bundle write_bundle',
        'bundle.manifest': 'Manifest',
        'bundle.prediction': 'NetworkOutput Prediction',
        'bundle_rig': 'BundleRig',
        'channel_policy': 'ChannelPlan plan_channels',
        'pipeline': 'Pipeline',
        'pipeline_settings': 'PipelineSettings',
        'pipeline_status': 'PipelineStatus',
        'prediction_scheduler': 'PredictionScheduler',
        'stream_session': 'StreamSession',
    },
)

# ONNX Runtime reports its use to its manufacturer unless this variable is set before it is imported.
os.environ.setdefault('ORT_DISABLE_TELEMETRY', '1')
