# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Command line of bag evaluation, and live evaluation with a running perception node."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_manifold_ros.common.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from audio_manifold_ros.nodes.evaluation.live_evaluation import LivePredictionSource
    from audio_manifold_ros.nodes.evaluation.live_offline_comparison import LiveOfflineComparison

__all__ = [
    'LiveOfflineComparison',
    'LivePredictionSource',
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        'live_evaluation': 'LivePredictionSource',
        'live_offline_comparison': 'LiveOfflineComparison',
    },
)
