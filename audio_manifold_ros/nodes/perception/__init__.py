# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The perception node: audio source, worker thread, publishers and diagnostics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_manifold_ros.common.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from audio_manifold_ros.nodes.perception.node_factory import PerceptionComponents, build_components
    from audio_manifold_ros.nodes.perception.perception_node import PerceptionNode
    from audio_manifold_ros.nodes.perception.publishers import PredictionPublishers
    from audio_manifold_ros.nodes.perception.topic_source import TopicSource
    from audio_manifold_ros.nodes.perception.worker import PerceptionWorker, WorkerReport, WorkerSettings

__all__ = [
    'PerceptionComponents',
    'PerceptionNode',
    'PerceptionWorker',
    'PredictionPublishers',
    'TopicSource',
    'WorkerReport',
    'WorkerSettings',
    'build_components',
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        'node_factory': 'PerceptionComponents build_components',
        'perception_node': 'PerceptionNode',
        'publishers': 'PredictionPublishers',
        'topic_source': 'TopicSource',
        'worker': 'PerceptionWorker WorkerReport WorkerSettings',
    },
)
