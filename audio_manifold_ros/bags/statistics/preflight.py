# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Preflight checks before a recording: topics, clocks, audio and disk space."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from audio_manifold_ros.bags.statistics.audio_statistics import AudioSummary
from audio_manifold_ros.bags.statistics.fitness import audio_obstacles, carries_no_stamps, describe_no_stamps
from audio_manifold_ros.bags.statistics.record_report import CLIPPED_FRACTION, MAX_AGE_MS, MAX_FUTURE_MS
from audio_manifold_ros.bags.statistics.topic_statistics import TopicSummary
from audio_manifold_ros.common.errors import BagError
from audio_manifold_ros.rig.rig import MicrophoneArray

RATE_TOLERANCE = 0.05


class Severity(str, Enum):
    """Severity of a finding."""

    OK = 'ok'
    WARNING = 'warning'
    ERROR = 'error'


@dataclass(frozen=True)
class Finding:
    """Result of one check.

    Attributes:
        level: Severity.
        subject: Topic or subject of the check.
        text: Result, and what to do.

    """

    level: Severity
    subject: str
    text: str


@dataclass(frozen=True)
class Requirement:
    """A required topic.

    Attributes:
        topic: Full name.
        min_hz: Minimum number of messages per second, 0 for any.

    """

    topic: str
    min_hz: float = 0.0

    @classmethod
    def parse(cls, text: str) -> Requirement:
        """Parse `topic` or `topic@hz`.

        Raises:
            BagError: The rate is not a positive number, or the name is empty.

        """
        topic, at, rate = text.strip().partition('@')
        try:
            min_hz = float(rate) if at else 0.0
        except ValueError:
            min_hz = -1.0
        if not topic or not 0 <= min_hz <= 1e6 or (at and min_hz == 0):
            msg = f'Required topic {text!r}: give a name, or a name and its minimum rate, for example camera/image@25.'
            raise BagError(msg)
        return cls(topic, min_hz)


def check_topics(
    requirements: Iterable[Requirement], summaries: Mapping[str, TopicSummary], seconds: float
) -> list[Finding]:
    """Check that required topics are published at their minimum rate.

    Args:
        requirements: Required topics.
        summaries: Statistics of the received messages, by topic.
        seconds: Duration of the measurement.

    """
    return [_check_topic(requirement, summaries.get(requirement.topic), seconds) for requirement in requirements]


def check_clocks(summaries: Iterable[TopicSummary]) -> list[Finding]:
    """Check that the stamps of the topics agree with the clock of this machine."""
    summaries = list(summaries)
    stamped = [summary for summary in summaries if summary.age_ms is not None]
    # Audio without stamps is found by `check_audio`.
    unstamped = [
        Finding(Severity.ERROR, 'clocks', describe_no_stamps(summary.topic, summary.count, summary.unstamped))
        for summary in summaries
        if summary.audio is None and summary.count and carries_no_stamps(summary.count, summary.unstamped)
    ]
    bad = unstamped + [
        Finding(
            Severity.ERROR,
            'clocks',
            f'{summary.topic}: stamps are {_describe_age(summary.age_ms or 0)}: synchronise the clocks of the machines '
            '(chrony, PTP), or correct the stamps of the driver.',
        )
        for summary in stamped
        if not -MAX_FUTURE_MS <= (summary.age_ms or 0) <= MAX_AGE_MS
    ]
    oldest = max((summary.age_ms or 0 for summary in stamped), default=0)
    return bad or [Finding(Severity.OK, 'clocks', f'{len(stamped)} topics, stamps at most {oldest:.0f} ms old.')]


def check_audio(
    topic: str, audio: AudioSummary, seconds: float, rig: MicrophoneArray | None, publishers: int = 1
) -> list[Finding]:
    """Check that audio arrives at its rate, without losses, and from every microphone of the rig.

    Args:
        topic: Audio topic.
        audio: Statistics of the received audio.
        seconds: Duration of the measurement.
        rig: Microphones of the rig. None checks every channel.
        publishers: Number of publishers of the topic.

    """
    rate_ratio = audio.samples / audio.sample_rate_hz / seconds
    obstacles = audio_obstacles(topic, audio.sample_rate_hz, audio.delivery)
    if publishers > 1:
        obstacles = (f'{topic}: {publishers} publishers send on this topic: end all but one.',)
    found = [Finding(Severity.ERROR, topic, text.removeprefix(f'{topic}: ')) for text in obstacles]
    if audio.samples_lost and not obstacles:
        lost = f'{audio.samples_lost} samples were lost in {seconds:.0f} s'
        found.append(Finding(Severity.ERROR, topic, f'{lost}: check the load of the machine and of the USB bus.'))
    if abs(rate_ratio - 1) > RATE_TOLERANCE and not obstacles:
        rate = f'{rate_ratio * audio.sample_rate_hz:.0f} samples per second arrive instead of {audio.sample_rate_hz}'
        found.append(Finding(Severity.ERROR, topic, f'{rate}: check the device and its sample rate.'))
    found += _check_microphones(topic, audio, rig)
    observed = f'{audio.channels} channels at {audio.sample_rate_hz} Hz, every microphone has a signal.'
    return found or [Finding(Severity.OK, topic, observed)]


def check_disk(free_bytes: int, reserve_bytes: int, bytes_per_s: float, minutes: float) -> Finding:
    """Check that the disk has space for a recording of some minutes."""
    capacity_min = max(free_bytes - reserve_bytes, 0) / max(bytes_per_s, 1.0) / 60
    rate = f'{free_bytes / 1e9:.1f} GB free, {bytes_per_s / 1e6:.1f} MB per second'
    if capacity_min < minutes:
        return Finding(
            Severity.ERROR,
            'disk',
            f'{rate}: space for {capacity_min:.1f} of {minutes:g} minutes. Free disk space, or require fewer minutes.',
        )
    return Finding(Severity.OK, 'disk', f'{rate}: space for {minutes:g} minutes or more.')


def _check_topic(requirement: Requirement, summary: TopicSummary | None, seconds: float) -> Finding:
    topic, min_hz = requirement.topic, requirement.min_hz
    if summary is None or not summary.count:
        what = 'no node publishes it' if summary is None else f'no message in {seconds:.0f} s'
        return Finding(Severity.ERROR, topic, f'{what}: start its driver, or remove it from the required topics.')
    rate_hz = summary.count / seconds
    if rate_hz < min_hz * (1 - RATE_TOLERANCE):
        return Finding(
            Severity.ERROR, topic, f'{rate_hz:.1f} Hz, at least {min_hz:g} Hz are required: check its driver.'
        )
    return Finding(Severity.OK, topic, f'{rate_hz:.1f} Hz.')


def _describe_age(age_ms: float) -> str:
    return f'{age_ms / 1e3:.1f} s old' if age_ms > 0 else f'{-age_ms:.0f} ms in the future'


def _check_microphones(topic: str, audio: AudioSummary, rig: MicrophoneArray | None) -> list[Finding]:
    names = {channel: f'channel {channel}' for channel in range(audio.channels)}
    if rig is not None:
        names = {
            mic.device_channel: f'{mic.name} (channel {mic.device_channel})' for mic in rig.microphones if mic.enabled
        }
    absent = [name for channel, name in names.items() if channel >= audio.channels]
    observed = [mic for mic in audio.microphones if mic.channel in names]
    silent = [names[mic.channel] for mic in observed if mic.silent_fraction >= 1]
    clipped = [names[mic.channel] for mic in observed if mic.clipped_fraction > CLIPPED_FRACTION]
    pairs = [f'{names[a]} and {names[b]}' for a, b in audio.identical if a in names and b in names]
    mixed = [channel for channel in audio.mixed if {channel.channel, *channel.weights} <= set(names)]
    mixes = [channel.describe(names) for channel in mixed]
    table: tuple[tuple[Severity, Sequence[str], str], ...] = (
        (Severity.ERROR, absent, f'has {audio.channels} channels and no {{}}: open the device with more channels.'),
        (Severity.ERROR, silent, 'is silent on {}: check capsules and cables.'),
        (Severity.WARNING, clipped, 'clips on {}: lower the gain of the device.'),
        (
            Severity.ERROR,
            mixes,
            'has channels that are mixes of others ({}): open the device with as many channels as it has.',
        ),
        (Severity.WARNING, pairs, 'carries the same signal on {}: check the channel map of the audio server.'),
    )
    return [Finding(level, topic, text.format(', '.join(which))) for level, which, text in table if which]
