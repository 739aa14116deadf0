# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Writer thread of the recorder, and the table of its statistics."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from audio_manifold_msgs.msg import AudioBlock as AudioBlockMessage
from rclpy.serialization import serialize_message
from rich.console import Console
from std_msgs.msg import String

from audio_manifold_ros.audio.block import AudioBlock
from audio_manifold_ros.bags.storage.bag_reader import BagReader
from audio_manifold_ros.bags.storage.bag_writer import BagWriter
from audio_manifold_ros.common.pcm16 import STEPS_PER_UNIT
from audio_manifold_ros.common.units import NS_PER_S
from audio_manifold_ros.nodes.common.audio_messages import to_audio_message
from audio_manifold_ros.nodes.recorder import writer_thread
from audio_manifold_ros.nodes.recorder.recorded_topic import RecordedTopic
from audio_manifold_ros.nodes.recorder.recorder_table import RecorderProgress
from audio_manifold_ros.nodes.recorder.writer_thread import WriterThread
from tests.nodes.car import RATE_HZ, audio_samples

pytestmark = pytest.mark.ros
START_NS = 1_700_000_000_000_000_000


@pytest.fixture
def thread() -> Iterator[WriterThread]:
    thread = WriterThread()
    yield thread
    thread.stop()


@pytest.fixture
def audio() -> RecordedTopic:
    return RecordedTopic('/audio', 'audio_manifold_msgs/msg/AudioBlock', '', latched=False)


@pytest.fixture
def note() -> RecordedTopic:
    return RecordedTopic('/note', 'std_msgs/msg/String', '', latched=True)


def block(first: int, *, dead: int | None = None) -> bytes:
    samples: Any = audio_samples(first, 320) / STEPS_PER_UNIT
    if dead is not None:
        samples[dead] = 0
    stamp_ns = START_NS + first * NS_PER_S // RATE_HZ
    return bytes(serialize_message(to_audio_message(AudioBlock(samples, first, RATE_HZ, stamp_ns), 'array')))


def wait(done: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + 20
    while not done():
        assert time.monotonic() < deadline_s
        time.sleep(0.01)


def test_only_latched_messages_from_before_the_start_are_written(
    thread: WriterThread, audio: RecordedTopic, note: RecordedTopic, tmp_path: Path
) -> None:
    for second in range(3):
        thread.put(audio, block(320 * second), START_NS + second * NS_PER_S)
        thread.put(note, serialize_message(String(data=f'{second}')), START_NS + second * NS_PER_S)
    wait(lambda: '/note' in thread.statistics and thread.statistics['/note'].count == 3)
    begin_ns = START_NS + 10 * NS_PER_S
    with BagWriter(tmp_path / 'bag') as writer:
        thread.start_writing(writer, begin_ns, [audio, note])
        thread.put(audio, block(960), begin_ns + 1)
        thread.stop()
        assert thread.failure == ''
    with BagReader(tmp_path / 'bag') as bag:
        found = [(message.topic, message.time_ns) for message in bag.messages()]
        notes = [bag.decode(message).data for message in bag.messages(['/note'])]
    assert found == [('/note', begin_ns)] * 3 + [('/audio', begin_ns + 1)]
    assert notes == ['0', '1', '2']
    summary = thread.statistics['/audio'].summary()
    assert (summary.count, summary.audio.samples) == (1, 320)


def test_messages_queued_at_the_start_count_as_earlier(
    thread: WriterThread,
    audio: RecordedTopic,
    note: RecordedTopic,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    processing, release, count = threading.Event(), threading.Event(), thread._count

    def busy(item: Any) -> None:
        count(item)
        processing.set()
        release.wait(20)

    monkeypatch.setattr(thread, '_count', busy)
    threading.Timer(0.5, release.set).start()
    thread.put(audio, block(0), START_NS)
    assert processing.wait(20)
    thread.put(audio, block(320), START_NS)
    thread.put(note, serialize_message(String(data='parked')), START_NS)
    with BagWriter(tmp_path / 'bag') as writer:
        thread.start_writing(writer, START_NS + NS_PER_S, [audio, note])
        thread.stop()
    with BagReader(tmp_path / 'bag') as bag:
        assert [(message.topic, message.time_ns) for message in bag.messages()] == [('/note', START_NS + NS_PER_S)]
    assert thread.queued_bytes == 0


def test_a_clock_set_back_loses_no_message_and_keeps_the_order(
    thread: WriterThread, audio: RecordedTopic, note: RecordedTopic, tmp_path: Path
) -> None:
    times_ns = [
        START_NS + NS_PER_S,
        START_NS - 1,
        START_NS + 20 * NS_PER_S,
        START_NS - 3600 * NS_PER_S,
        START_NS + 21 * NS_PER_S,
    ]
    with BagWriter(tmp_path / 'bag') as writer:
        thread.start_writing(writer, START_NS, [audio, note])
        for index, time_ns in enumerate(times_ns):
            thread.put(audio, block(320 * index), time_ns)
        thread.put(note, serialize_message(String(data='home')), START_NS - 3590 * NS_PER_S)
        thread.stop()
    statistics = thread.statistics['/audio']
    assert (statistics.count, statistics.dropped, statistics.lost) == (len(times_ns), 0, 0)
    with BagReader(tmp_path / 'bag') as bag:
        written = [message.time_ns - START_NS for message in bag.messages()]
        firsts = [bag.decode(message).first_sample for message in bag.messages(['/audio'])]
    # The second message was only late. The fourth and the note keep their order of arrival.
    assert written == [0, NS_PER_S, 20 * NS_PER_S, 20 * NS_PER_S + 1, 21 * NS_PER_S, 21 * NS_PER_S + 1]
    assert firsts == [320, 0, 640, 960, 1280]


def test_messages_beyond_the_queue_are_counted(
    thread: WriterThread, note: RecordedTopic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer_thread, 'MAX_QUEUED_BYTES', 100)
    release = threading.Event()
    monkeypatch.setattr(thread, '_count', lambda _item: release.wait(20))
    for _ in range(10):
        thread.put(note, bytes(40), START_NS)
    wait(lambda: thread.queued_bytes == 80)
    release.set()
    assert thread.statistics['/note'].dropped in {7, 8}


def test_a_failing_bag_ends_the_writing_with_its_error(
    thread: WriterThread, note: RecordedTopic, tmp_path: Path
) -> None:
    writer = BagWriter(tmp_path / 'bag')
    thread.start_writing(writer, START_NS, [note])
    writer.close()
    thread.put(note, serialize_message(String(data='x')), START_NS)
    wait(lambda: bool(thread.failure))
    assert 'the bag is closed' in thread.failure
    thread.put(note, serialize_message(String(data='y')), START_NS)


def test_invalid_audio_is_recorded_and_counted(thread: WriterThread, audio: RecordedTopic, tmp_path: Path) -> None:
    strange = AudioBlockMessage(sample_rate_hz=RATE_HZ, channel_count=8, encoding='mp3', data=[1, 2, 3])
    with BagWriter(tmp_path / 'bag') as writer:
        thread.start_writing(writer, 0, [audio])
        thread.put(audio, serialize_message(strange), START_NS)
        thread.put(audio, b'\x00\x01\x00\x00garbage', START_NS + 1)
        thread.stop()
    assert thread.failure == ''
    assert thread.statistics['/audio'].unreadable == 2
    with BagReader(tmp_path / 'bag') as bag:
        assert sum(topic.count for topic in bag.topics) == 2


def test_the_table_shows_rates_losses_levels_and_disk(thread: WriterThread, audio: RecordedTopic) -> None:
    for index in range(60):
        if index != 30:
            thread.put(audio, block(320 * index, dead=2), START_NS + index * 20_000_000, lost=index == 31)
    wait(lambda: thread.queued_bytes == 0 and thread.statistics['/audio'].count == 59)
    progress = RecorderProgress('drive', 75, 50_000_000_000, 0, thread.statistics, {'/audio': (50.0, 256e3)}, '')
    console = Console(width=110, record=True, file=None, quiet=False, force_terminal=False)
    with console.capture() as capture:
        console.print(progress.table())
    shown = capture.get()
    row = next(line for line in shown.splitlines() if '/audio ' in line)
    assert [cell.strip() for cell in row.strip('│ ').split('│')] == [
        '/audio',
        '59',
        '50.0',
        '0.26',
        '0',
        '1',
        '0',
        '320',
    ]
    assert 'drive   01:15' in shown
    assert 'DEAD' in next(line for line in shown.splitlines() if line.startswith((' 2 ', '2 ')))
    assert shown.count('dBFS') == 8
    assert 'Disk: 50.0 GB free, 0.3 MB/s, 3255 min left.' in ' '.join(shown.split())
    assert (
        progress.line() == '01:15: 59 messages, 1 lost, 320 samples lost. Disk: 50.0 GB free, 0.3 MB/s, 3255 min left.'
    )
