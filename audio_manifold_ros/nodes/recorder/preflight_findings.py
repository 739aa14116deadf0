# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Findings of the preflight: rig, required topics, clocks, audio, device and disk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from audio_manifold_ros.audio.source import SourceState, SourceStatus
from audio_manifold_ros.bags.statistics.preflight import (
    Finding,
    Requirement,
    Severity,
    check_audio,
    check_clocks,
    check_disk,
    check_topics,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from audio_manifold_ros.bags.statistics.topic_statistics import TopicStatistics
    from audio_manifold_ros.rig.rig import MicrophoneArray


@dataclass(frozen=True)
class DiskSpace:
    """Space for the recording.

    Attributes:
        free_bytes: Free space.
        reserve_bytes: Space that must stay free.
        minutes: Duration of the drive that must fit.

    """

    free_bytes: int
    reserve_bytes: int
    minutes: float


def preflight_findings(
    statistics: Mapping[str, TopicStatistics],
    seconds: float,
    *,
    requirements: tuple[Requirement, ...],
    latched: Collection[str],
    array: MicrophoneArray | None,
    device: SourceStatus | None,
    disk: DiskSpace,
    publishers: Mapping[str, int] | None = None,
) -> list[Finding]:
    """Return the findings about the messages of the last `seconds`.

    Args:
        statistics: Statistics of the received messages by topic.
        seconds: Duration of the observation.
        requirements: The required topics.
        latched: Names of latched topics, whose stamps may be old.
        array: The microphone array; None without a rig.
        device: Status of the captured device; None without one.
        disk: Space for the recording.
        publishers: Number of publishers by topic.

    """
    summaries = {name: found.summary() for name, found in statistics.items()}
    findings = [_rig_finding(array), *check_topics(requirements, summaries, seconds)]
    findings += check_clocks(summary for name, summary in summaries.items() if name not in latched)
    for name, summary in summaries.items():
        if summary.audio is not None:
            findings += check_audio(name, summary.audio, seconds, array, (publishers or {}).get(name, 1))
    if device is not None and device.state is not SourceState.STREAMING:
        findings.append(Finding(Severity.ERROR, 'device', device.message))
    bytes_per_s = sum(summary.bytes for summary in summaries.values()) / seconds
    return [*findings, check_disk(disk.free_bytes, disk.reserve_bytes, bytes_per_s, disk.minutes)]


def _rig_finding(array: MicrophoneArray | None) -> Finding:
    if array is None:
        text = 'the parameter rig is empty: set it to the folder of the rig, which a dataset needs.'
        return Finding(Severity.ERROR, 'rig', text)
    return Finding(Severity.OK, 'rig', f'{array.array_id}, {len(array.microphones)} microphones.')
