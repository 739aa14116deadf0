# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Report of a recording, as JSON and as text."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from io import StringIO
from pathlib import Path
from typing import Any

from rich.table import Table

from audio_manifold_ros.bags.statistics.audio_statistics import AudioSummary
from audio_manifold_ros.bags.statistics.fitness import audio_obstacles, carries_no_stamps, describe_no_stamps
from audio_manifold_ros.bags.statistics.topic_statistics import TopicSummary
from audio_manifold_ros.bags.storage.mcap_file_writer import PRIVATE_FILE_MODE
from audio_manifold_ros.cli.console import SafeConsole

JSON_FILE, TEXT_FILE = 'report.json', 'report.txt'
TEXT_WIDTH = 120
MAX_DRIFT_PPM = 200.0
MAX_AGE_MS = 1000.0
MAX_FUTURE_MS = 50.0
CLIPPED_FRACTION = 1e-3


@dataclass(frozen=True)
class RecordReport:
    """Statistics and problems of a recording.

    Attributes:
        bag: Name of the bag's folder.
        ended: Reason for the end of the recording, as a sentence.
        start_ns: Bag time of the first message.
        duration_s: Time from the first message to the last.
        problems: One sentence for each problem.
        topics: Statistics of the topics, sorted by name.

    """

    bag: str
    ended: str
    start_ns: int
    duration_s: float
    problems: tuple[str, ...]
    topics: tuple[TopicSummary, ...]

    def to_dict(self) -> dict[str, object]:
        """Return the content of `report.json`."""
        return asdict(self)

    def text(self) -> str:
        """Return the report as text for a terminal of 120 columns."""
        console = SafeConsole(file=StringIO(), width=TEXT_WIDTH, color_system=None, legacy_windows=False)
        size_mb = sum(topic.bytes for topic in self.topics) / 1e6
        console.print(f'{self.bag}: {self.duration_s:.1f} s, {size_mb:.1f} MB of messages. {self.ended}', markup=False)
        console.print(_topics_table(self.topics))
        for topic in self.topics:
            if topic.audio is not None:
                console.print(_audio_line(topic.topic, topic.audio), markup=False)
                console.print(_microphones_table(topic.audio))
        console.print('Problems:' if self.problems else 'No problems.', markup=False)
        for problem in self.problems:
            console.print(f'  - {problem}', markup=False)
        output: Any = console.file
        return '\n'.join(line.rstrip() for line in output.getvalue().splitlines()) + '\n'

    def save(self, folder: Path, *, shared: bool = False) -> None:
        """Write `report.json` and `report.txt` into a folder, readable for others only if they are shared."""
        data = json.dumps(self.to_dict(), indent=2, ensure_ascii=False)
        for name, text in ((JSON_FILE, data + '\n'), (TEXT_FILE, self.text())):
            (folder / name).write_text(text, encoding='utf-8')
            if not shared:
                (folder / name).chmod(PRIVATE_FILE_MODE)


def make_report(bag: str, ended: str, topics: list[TopicSummary], problems: tuple[str, ...] = ()) -> RecordReport:
    """Return the report of a recording.

    Args:
        bag: Name of the bag's folder.
        ended: Reason for the end of the recording, as a sentence.
        topics: Statistics of the topics.
        problems: Problems in addition to those of the topics, which this function finds.

    """
    recorded = [topic for topic in topics if topic.count]
    start_ns = min((topic.first_ns for topic in recorded), default=0)
    end_ns = max((topic.last_ns for topic in recorded), default=start_ns)
    ordered = tuple(sorted(topics, key=lambda topic: topic.topic))
    found = tuple(problem for topic in ordered for problem in topic_problems(topic))
    return RecordReport(bag, ended, start_ns, (end_ns - start_ns) / 1e9, problems + found, ordered)


def topic_problems(topic: TopicSummary) -> tuple[str, ...]:
    """Return the problems of a topic, one sentence each."""
    if not topic.count:
        return (f'{topic.topic}: nothing was recorded.',)
    age_ms = topic.age_ms or 0.0
    checks = {
        f'{topic.topic}: {topic.lost} messages were lost on the way to the recorder: check the load of the '
        'machine and of the network.': topic.lost,
        f'{topic.topic}: {topic.dropped} messages arrived faster than they could be written: use a faster disk or '
        'smaller images.': topic.dropped,
        f'{topic.topic}: {topic.unreadable} messages contain no valid audio: check the bag.': topic.unreadable,
        (
            describe_no_stamps(topic.topic, topic.count, topic.unstamped)
            if carries_no_stamps(topic.count, topic.unstamped)
            else f'{topic.topic}: {topic.unstamped} of {topic.count} messages carry no stamp.'
        ): topic.unstamped and topic.audio is None,
        f'{topic.topic}: {topic.backwards} stamps go back: its source or its clock was restarted.': topic.backwards,
        f'{topic.topic}: {topic.gaps} gaps, about {topic.missing} messages, the longest {topic.longest_s:.2f} s.': (
            topic.gaps and topic.audio is None
        ),
        f'{topic.topic}: stamps are {age_ms / 1e3:.1f} s older than their arrival: check clocks and load.': (
            age_ms > MAX_AGE_MS
        ),
        f'{topic.topic}: stamps are {-age_ms:.0f} ms in the future: set the clocks of the machines.': (
            age_ms < -MAX_FUTURE_MS
        ),
    }
    found = tuple(message for message, applies in checks.items() if applies)
    return found if topic.audio is None else found + audio_problems(topic.topic, topic.audio)


def audio_problems(topic: str, audio: AudioSummary) -> tuple[str, ...]:
    """Return the audio problems of a topic, one sentence each."""
    silent = _channels(audio, lambda mic: mic.silent_fraction >= 1)
    intermittent = _channels(audio, lambda mic: 0 < mic.silent_fraction < 1)
    clipped = _channels(audio, lambda mic: mic.clipped_fraction > CLIPPED_FRACTION)
    pairs = ', '.join(f'{a} and {b}' for a, b in audio.identical)
    channels = [str(channel) for channel in range(audio.channels)]
    mixes = ', '.join(channel.describe(channels) for channel in audio.mixed)
    lost_s = audio.samples_lost / audio.sample_rate_hz
    proof = 'inferred from stamps' if audio.inferred else 'measured with the sample index'
    drift = audio.drift
    obstacles = audio_obstacles(topic, audio.sample_rate_hz, audio.delivery)
    # Losses, restarts and drift that are computed from wrong stamps or two streams are wrong.
    is_measurable = not obstacles
    checks = {
        **dict.fromkeys(obstacles, True),
        f'{topic}: {audio.samples_lost} samples ({lost_s:.3f} s) are missing in {audio.losses} places, {proof}.': (
            is_measurable and audio.samples_lost
        ),
        f'{topic}: the stream was restarted {audio.restarts} times.': is_measurable and audio.restarts,
        f'{topic}: channels {silent} are dead: check capsules and cables.': silent,
        f'{topic}: channels {intermittent} are silent for a part of the time: check cables.': intermittent,
        f'{topic}: channels {clipped} clip: lower the gain of the device.': clipped,
        f'{topic}: channels {pairs} carry the same signal: check the channel map of the audio server.': pairs,
        f'{topic}: channels are mixes of others ({mixes}): open the device with as many channels as it has.': mixes,
        f'{topic}: the sample rate of the device is off by {drift.ppm if drift else 0:+.0f} ppm: check the rate and '
        'the clock.': is_measurable and drift is not None and abs(drift.ppm) - 3 * drift.error_ppm > MAX_DRIFT_PPM,
    }
    return tuple(message for message, applies in checks.items() if applies)


def _channels(audio: AudioSummary, applies: Any) -> str:
    return ', '.join(str(mic.channel) for mic in audio.microphones if applies(mic))


def _topics_table(topics: tuple[TopicSummary, ...]) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column('topic', no_wrap=True, overflow='ellipsis')
    for name in ('messages', 'MB', 'Hz', 'jitter ms', 'gaps', 'missing', 'longest s', 'age ms', 'lost', 'dropped'):
        table.add_column(name, justify='right', no_wrap=True)
    for topic in topics:
        age = '' if topic.age_ms is None else f'{topic.age_ms:.1f}'
        figures = (f'{topic.bytes / 1e6:.1f}', f'{topic.rate_hz:.2f}', f'{topic.jitter_ms:.1f}')
        losses = (topic.gaps, topic.missing, f'{topic.longest_s:.2f}', age, topic.lost, topic.dropped)
        table.add_row(topic.topic, str(topic.count), *figures, *map(str, losses))
    return table


def _audio_line(topic: str, audio: AudioSummary) -> str:
    drift = audio.drift
    counts = 'too short for an estimate of the drift'
    if drift is not None:
        counts = f'drift {drift.ppm:+.1f} ± {drift.error_ppm:.1f} ppm, jitter of the stamps {drift.jitter_ms:.2f} ms'
    lost = f'{audio.samples_lost} lost in {audio.losses} places ({"inferred" if audio.inferred else "measured"})'
    form = f'{audio.channels} channels at {audio.sample_rate_hz} Hz'
    return f'{topic}: {form}, {audio.samples} samples, {lost}, {audio.restarts} restarts, {counts}'


def _microphones_table(audio: AudioSummary) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in ('channel', 'rms dBFS', 'peak dBFS', 'clipped %', 'silent %'):
        table.add_column(name, justify='right')
    for mic in audio.microphones:
        percentages = (f'{100 * mic.clipped_fraction:.3f}', f'{100 * mic.silent_fraction:.0f}')
        table.add_row(str(mic.channel), f'{mic.rms_dbfs:.1f}', f'{mic.peak_dbfs:.1f}', *percentages)
    return table
