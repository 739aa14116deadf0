# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from audio_manifold_ros.bags.statistics.audio_statistics import AudioStatistics, AudioSummary
from audio_manifold_ros.bags.statistics.preflight import (
    Requirement,
    Severity,
    check_audio,
    check_clocks,
    check_disk,
    check_topics,
)
from audio_manifold_ros.bags.statistics.topic_statistics import TopicStatistics, TopicSummary
from audio_manifold_ros.common.errors import BagError
from audio_manifold_ros.common.resource_paths import resource_path
from audio_manifold_ros.rig.rig import MicrophoneArray
from tests.bags.statistics.test_topic_statistics import START_NS, ExampleChunk, make_chunks

SECONDS = 3.0


def topic(name: str, rate_hz: float, age_ms: float = 20.0) -> TopicSummary:
    statistics = TopicStatistics(name, 'sensor_msgs/msg/Image')
    for index in range(int(rate_hz * SECONDS)):
        time_ns = START_NS + round(index / rate_hz * 1e9)
        statistics.update(time_ns, time_ns - round(age_ms * 1e6), 1000)
    return statistics.summary()


def audio_summary(
    channels: int = 8, *, dead: int | None = None, doubled: int | None = None, seconds: float = 3
) -> AudioSummary:
    statistics = AudioStatistics()
    for sound in make_chunks(seconds, channels):
        samples = sound.samples.copy()
        if dead is not None:
            samples[dead] = 0
        if doubled is not None:
            samples[doubled] = samples[0]
        statistics.update(ExampleChunk(samples, sound.first_sample, sound.sample_rate_hz, sound.stamp_ns))
    summary = statistics.summary()
    assert summary is not None
    return summary


def rig(*, enabled: bool = True) -> MicrophoneArray:
    text = (resource_path('calibration/roof_octagon') / 'mic_array.yaml').read_text(encoding='utf-8')
    if not enabled:
        place = text.index('device_channel: 3')
        text = text[:place] + text[place:].replace('enabled: true', 'enabled: false', 1)
    return MicrophoneArray.from_text(text, 'mic_array.yaml')


@pytest.mark.parametrize(
    ('text', 'requirement'),
    [('audio', Requirement('audio')), (' camera/image@25 ', Requirement('camera/image', 25.0))],
)
def test_requirements_are_parsed(text: str, requirement: Requirement) -> None:
    assert Requirement.parse(text) == requirement


@pytest.mark.parametrize('text', ['', '@3', 'audio@', 'audio@fast', 'audio@0', 'audio@-1', 'audio@nan', 'audio@inf'])
def test_invalid_requirements_are_refused(text: str) -> None:
    with pytest.raises(BagError, match='Required topic'):
        Requirement.parse(text)


def test_topics_must_be_published_at_their_rate() -> None:
    wanted = [Requirement('/a'), Requirement('/b', 25), Requirement('/c', 25), Requirement('/d'), Requirement('/e')]
    silent = TopicStatistics('/e', 'std_msgs/msg/String').summary()
    summaries = {'/a': topic('/a', 2), '/b': topic('/b', 24.5), '/c': topic('/c', 15), '/e': silent}
    findings = check_topics(wanted, summaries, SECONDS)
    assert [finding.level for finding in findings] == [
        Severity.OK,
        Severity.OK,
        Severity.ERROR,
        Severity.ERROR,
        Severity.ERROR,
    ]
    assert [finding.text.partition(':')[0] for finding in findings[2:]] == [
        '15.0 Hz, at least 25 Hz are required',
        'no node publishes it',
        'no message in 3 s',
    ]


def test_clocks_must_agree() -> None:
    (fine,) = check_clocks([topic('/a', 10), topic('/b', 10, 300)])
    assert fine.level is Severity.OK
    assert fine.text.startswith('2 topics, stamps at most ')
    future, old = check_clocks([topic('/a', 10, -400), topic('/b', 10, 5000), topic('/c', 10)])
    assert future.level is old.level is Severity.ERROR
    assert 'ms in the future' in future.text
    assert '/b: stamps are 5.0 s old' in old.text


def test_audio_must_be_complete_and_from_every_microphone() -> None:
    (fine,) = check_audio('/audio', audio_summary(), SECONDS, rig())
    assert fine.level is Severity.OK
    (dead,) = check_audio('/audio', audio_summary(dead=3), SECONDS, rig())
    assert dead.level is Severity.ERROR
    assert '(channel 3)' in dead.text
    (known,) = check_audio('/audio', audio_summary(dead=3), SECONDS, rig(enabled=False))
    assert known.level is Severity.OK
    (few,) = check_audio('/audio', audio_summary(6), SECONDS, rig())
    assert few.level is Severity.ERROR
    assert 'has 6 channels and no ' in few.text
    (doubled,) = check_audio('/audio', audio_summary(doubled=5), SECONDS, None)
    assert (doubled.level, doubled.text.partition(':')[0]) == (
        Severity.WARNING,
        'carries the same signal on channel 0 and channel 5',
    )
    (slow,) = check_audio('/audio', audio_summary(), SECONDS * 1.2, rig())
    assert slow.level is Severity.ERROR
    assert slow.text.startswith('40000 samples per second arrive instead of 48000')


def test_lost_samples_are_found_before_the_drive() -> None:
    statistics = AudioStatistics()
    for index, sound in enumerate(make_chunks(3, 8)):
        if index != 100:
            statistics.update(sound)
    summary = statistics.summary()
    assert summary is not None
    assert '480 samples were lost in 3 s' in check_audio('/audio', summary, SECONDS, None)[0].text


def test_the_disk_must_have_space_for_the_drive() -> None:
    assert check_disk(100 * 10**9, 10**9, 40e6, 30).level is Severity.OK
    short = check_disk(10 * 10**9, 10**9, 50e6, 10)
    assert (short.level, '3.0 of 10 minutes' in short.text) == (Severity.ERROR, True)
    assert check_disk(0, 10**9, 0, 10).level is Severity.ERROR
