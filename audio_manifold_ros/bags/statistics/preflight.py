# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What must hold before a drive is worth recording."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from audio_manifold_ros.bags.statistics.audio_statistics import AudioSummary
from audio_manifold_ros.bags.statistics.record_report import CLIPPED_FRACTION, MAX_AGE_MS, MAX_FUTURE_MS
from audio_manifold_ros.bags.statistics.topic_statistics import TopicSummary
from audio_manifold_ros.common.errors import BagError
from audio_manifold_ros.rig.rig import MicrophoneArray

RATE_TOLERANCE = 0.05


class Severity(str, Enum):
    """How much a finding matters."""

    OK = 'ok'
    WARNING = 'warning'
    ERROR = 'error'


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        level: How much it matters.
        subject: What was looked at.
        text: What was found, and what to do.

    """

    level: Severity
    subject: str
    text: str


@dataclass(frozen=True)
class Requirement:
    """A topic that must be there.

    Attributes:
        topic: Its full name.
        min_hz: Messages a second that it must have; 0 for any.

    """

    topic: str
    min_hz: float = 0.0

    @classmethod
    def parse(cls, text: str) -> Requirement:
        """Read `topic` or `topic@hz`.

        Raises:
            BagError: The rate is no positive number, or there is no topic.

        """
        topic, at, rate = text.strip().partition('@')
        try:
            min_hz = float(rate) if at else 0.0
        except ValueError:
            min_hz = -1.0
        if not topic or not 0 <= min_hz <= 1e6 or (at and min_hz == 0):
            msg = f'Required topic {text!r}: give a name, or a name and its least rate such as camera/image@25.'
            raise BagError(msg)
        return cls(topic, min_hz)


def check_topics(
    requirements: Iterable[Requirement], summaries: Mapping[str, TopicSummary], seconds: float
) -> list[Finding]:
    """Tell whether topics are there and at rate.

    Args:
        requirements: What must be there.
        summaries: What was received, by topic.
        seconds: For how long.

    """
    return [_check_topic(requirement, summaries.get(requirement.topic), seconds) for requirement in requirements]


def check_clocks(summaries: Iterable[TopicSummary]) -> list[Finding]:
    """Tell whether the stamps of topics agree with the clock of this machine."""
    stamped = [summary for summary in summaries if summary.age_ms is not None]
    bad = [
        Finding(
            Severity.ERROR,
            'clocks',
            f'{summary.topic}: stamps are {_describe_age(summary.age_ms or 0)}: synchronise the clocks of the machines (chrony, '
            'PTP), or mend the stamps of the driver.',
        )
        for summary in stamped
        if not -MAX_FUTURE_MS <= (summary.age_ms or 0) <= MAX_AGE_MS
    ]
    oldest = max((summary.age_ms or 0 for summary in stamped), default=0)
    return bad or [Finding(Severity.OK, 'clocks', f'{len(stamped)} topics, stamps at most {oldest:.0f} ms old.')]


def check_audio(topic: str, audio: AudioSummary, seconds: float, rig: MicrophoneArray | None) -> list[Finding]:
    """Tell whether the sound comes at its rate, without losses, and from every microphone of the rig.

    Args:
        topic: Its topic.
        audio: What was heard.
        seconds: For how long.
        rig: The microphones; None to look at every channel.

    """
    rate_ratio = audio.samples / audio.sample_rate_hz / seconds
    found = []
    if audio.samples_lost:
        lost = f'{audio.samples_lost} samples were lost in {seconds:.0f} s'
        found.append(Finding(Severity.ERROR, topic, f'{lost}: look at the load of the machine and of the USB bus.'))
    if abs(rate_ratio - 1) > RATE_TOLERANCE:
        rate = f'{rate_ratio * audio.sample_rate_hz:.0f} samples a second come, {audio.sample_rate_hz} are due'
        found.append(Finding(Severity.ERROR, topic, f'{rate}: look at the device and its rate.'))
    found += _check_microphones(topic, audio, rig)
    observed = f'{audio.channels} channels at {audio.sample_rate_hz} Hz, every microphone is heard.'
    return found or [Finding(Severity.OK, topic, observed)]


def check_disk(free_bytes: int, reserve_bytes: int, bytes_per_s: float, minutes: float) -> Finding:
    """Tell whether the disk holds a drive of some minutes."""
    capacity_min = max(free_bytes - reserve_bytes, 0) / max(bytes_per_s, 1.0) / 60
    rate = f'{free_bytes / 1e9:.1f} GB free, {bytes_per_s / 1e6:.1f} MB a second'
    if capacity_min < minutes:
        return Finding(
            Severity.ERROR,
            'disk',
            f'{rate}: room for {capacity_min:.1f} of {minutes:g} minutes. Make room, or ask for less.',
        )
    return Finding(Severity.OK, 'disk', f'{rate}: room for {minutes:g} minutes and more.')


def _check_topic(requirement: Requirement, summary: TopicSummary | None, seconds: float) -> Finding:
    topic, min_hz = requirement.topic, requirement.min_hz
    if summary is None or not summary.count:
        what = 'nobody publishes it' if summary is None else f'no message in {seconds:.0f} s'
        return Finding(Severity.ERROR, topic, f'{what}: start its driver, or take it out of required.')
    rate_hz = summary.count / seconds
    if rate_hz < min_hz * (1 - RATE_TOLERANCE):
        return Finding(
            Severity.ERROR, topic, f'{rate_hz:.1f} Hz, at least {min_hz:g} Hz are required: look at its driver.'
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
    table: tuple[tuple[Severity, Sequence[str], str], ...] = (
        (Severity.ERROR, absent, f'has {audio.channels} channels and lacks {{}}: open the device with more channels.'),
        (Severity.ERROR, silent, 'is silent on {}: check capsules and cables.'),
        (Severity.WARNING, clipped, 'clips on {}: lower the gain of the device.'),
        (Severity.WARNING, pairs, 'carries the same signal on {}: check the channel map of the audio server.'),
    )
    return [Finding(level, topic, text.format(', '.join(which))) for level, which, text in table if which]
