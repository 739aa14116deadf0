# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Check of an audio source: it streams at its rate, without losses, with a signal from every microphone."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from audio_manifold_ros.audio.source import SourceState
from audio_manifold_ros.bags.decoding.audio_chunk import AudioChunk
from audio_manifold_ros.bags.statistics.audio_statistics import AudioStatistics
from audio_manifold_ros.bags.statistics.preflight import Finding, Severity, check_audio
from audio_manifold_ros.common.errors import AudioManifoldError

if TYPE_CHECKING:
    from collections.abc import Callable

    from audio_manifold_ros.audio.source import AudioSource
    from audio_manifold_ros.rig.rig import MicrophoneArray

READ_TIMEOUT_S = 0.1
START_TIMEOUT_S = 5.0


def check_source(
    subject: str,
    make_source: Callable[[], AudioSource],
    array: MicrophoneArray | None,
    seconds: float,
) -> list[Finding]:
    """Open a source as the node does, read it, and check the audio.

    Args:
        subject: Name of the source in the findings.
        make_source: Function that creates the source.
        array: The microphones. None checks every channel.
        seconds: Duration of the measurement, from the first block.

    """
    try:
        source = make_source()
        source.open()
    except AudioManifoldError as error:
        return [Finding(Severity.ERROR, subject, str(error))]
    try:
        statistics, elapsed_s = _read(source, seconds)
        status = source.status()
    finally:
        source.close()
    summary = statistics.summary()
    if summary is None:
        return [Finding(Severity.ERROR, subject, status.message)]
    findings = [Finding(Severity.ERROR, subject, status.problem)] if status.problem else []
    if status.state is not SourceState.STREAMING:
        findings.append(Finding(Severity.ERROR, subject, status.message))
    checked = check_audio(subject, summary, elapsed_s, array)
    return [*findings, *(finding for finding in checked if not findings or finding.level is not Severity.OK)]


def _read(source: AudioSource, seconds: float) -> tuple[AudioStatistics, float]:
    """Return statistics of the audio, and the seconds from the first to the last block."""
    statistics = AudioStatistics()
    first_s = last_s = 0.0
    end_s = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < end_s:
        block = source.read(READ_TIMEOUT_S)
        if block is None:
            continue
        last_s = time.monotonic()
        if not first_s:
            # The first block is not counted: its samples were recorded before the measurement.
            first_s, end_s = last_s, last_s + seconds
            continue
        statistics.update(
            AudioChunk(block.samples, block.first_sample, block.sample_rate_hz, block.stamp_ns, inferred=False)
        )
    return statistics, max(last_s - first_s, READ_TIMEOUT_S)
