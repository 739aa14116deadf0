# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Statistics of recordings: rates, losses, levels, clock drift, and the checks before a recording."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_manifold_ros.common.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from audio_manifold_ros.bags.statistics.audio_statistics import AudioStatistics, AudioSummary, MicrophoneSummary
    from audio_manifold_ros.bags.statistics.clock_drift import ClockDrift, ClockDriftEstimator
    from audio_manifold_ros.bags.statistics.interval_histogram import IntervalHistogram
    from audio_manifold_ros.bags.statistics.preflight import Finding, Requirement, Severity
    from audio_manifold_ros.bags.statistics.record_report import RecordReport, make_report
    from audio_manifold_ros.bags.statistics.topic_statistics import TopicStatistics, TopicSummary

__all__ = [
    'AudioStatistics',
    'AudioSummary',
    'ClockDrift',
    'ClockDriftEstimator',
    'Finding',
    'IntervalHistogram',
    'MicrophoneSummary',
    'RecordReport',
    'Requirement',
    'Severity',
    'TopicStatistics',
    'TopicSummary',
    'make_report',
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        'audio_statistics': 'AudioStatistics AudioSummary MicrophoneSummary',
        'clock_drift': 'ClockDrift ClockDriftEstimator',
        'interval_histogram': 'IntervalHistogram',
        'preflight': 'Finding Requirement Severity',
        'record_report': 'RecordReport make_report',
        'topic_statistics': 'TopicStatistics TopicSummary',
    },
)
