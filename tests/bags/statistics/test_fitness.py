# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One place decides whether a recording is fit: check, conversion and preflight name the same cause."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest
from mcap.writer import Writer as McapWriter

from audio_manifold_ros.bags.conversion.bag_conversion import convert_bag
from audio_manifold_ros.bags.conversion.check_bag import Verdict, check_bag
from audio_manifold_ros.bags.conversion.conversion_record import ConversionOptions
from audio_manifold_ros.bags.decoding.audio_chunk import AudioChunk
from audio_manifold_ros.bags.statistics.audio_statistics import AudioStatistics
from audio_manifold_ros.bags.statistics.delivery import DeliveryMeter
from audio_manifold_ros.bags.statistics.fitness import audio_obstacles
from audio_manifold_ros.bags.statistics.preflight import Severity, check_audio, check_clocks
from audio_manifold_ros.bags.statistics.topic_statistics import TopicStatistics
from audio_manifold_ros.bags.storage.bag_reader import BagReader
from audio_manifold_ros.bags.storage.bag_writer import BagWriter
from audio_manifold_ros.bags.storage.message_types import definition_of
from audio_manifold_ros.common.errors import BagError
from audio_manifold_ros.common.units import NS_PER_S
from tests.bags.drive_bags import BLOCK, EPOCH_NS, IMAGE, RIG, audio_message, image_message, sound

Event = tuple[str, str, int, bytes]
SAMPLES = 450


def audio(
    seconds: float = 4.0,
    *,
    declared_hz: int = 22_500,
    true_hz: int = 22_500,
    unstamped: bool = False,
    seed: int = 5,
    index: int = 0,
    delay_ns: int = 0,
    epoch_ns: int = EPOCH_NS,
    dtype: type[np.generic] = np.int16,
) -> list[Event]:
    samples = sound(int(seconds * true_hz), seed).astype(dtype)
    events = []
    for first in range(0, samples.shape[1] - SAMPLES, SAMPLES):
        stamp_ns = epoch_ns + first * NS_PER_S // true_hz + delay_ns
        epoch = -first * NS_PER_S // declared_hz if unstamped else stamp_ns - first * NS_PER_S // declared_hz
        data = audio_message(samples[:, first : first + SAMPLES], first, declared_hz, epoch, index + first)
        events.append(('/audio', BLOCK, stamp_ns + SAMPLES * NS_PER_S // true_hz, data))
    return events


def images(
    seconds: float = 4.0, labels: int | None = None, depth_m: float = 5.0, epoch_ns: int = EPOCH_NS
) -> list[Event]:
    events = []
    for number in range(int(seconds * 10)):
        time_ns = epoch_ns + number * NS_PER_S // 10
        depth = np.full((12, 16), depth_m, np.float32)
        ids = np.full((12, 16), number % 19 if labels is None else labels, np.uint8)
        events.append(('/depth/image', IMAGE, time_ns, image_message(depth, '32FC1', time_ns)))
        events.append(('/segmentation/image', IMAGE, time_ns, image_message(ids, 'mono8', time_ns)))
    return events


def write(folder: Path, events: Iterable[Event]) -> Path:
    with BagWriter(folder) as writer:
        topics = set()
        for topic, kind, time_ns, data in sorted(events, key=lambda event: event[2]):
            if topic not in topics:
                writer.add_topic(topic, kind)
                topics.add(topic)
            writer.write(topic, data, time_ns)
    return folder


CASES: dict[str, tuple[Callable[[], list[Event]], str]] = {
    'rate off by 8.8 %': (
        lambda: audio(12, declared_hz=48_000, true_hz=44_100) + images(12),
        'declares 48000 Hz, delivers 44100 Hz',
    ),
    'rate off by a factor of 3': (
        lambda: audio(12, declared_hz=16_000, true_hz=48_000) + images(4),
        'declares 16000 Hz, delivers 48000 Hz',
    ),
    'no stamps': (lambda: audio(unstamped=True) + images(), 'carries no stamps'),
    'two publishers': (
        lambda: audio() + audio(index=100_000, delay_ns=7_000_000, seed=6) + images(),
        'two publishers send on this topic',
    ),
    'floats in int16 steps': (lambda: audio(dtype=np.float32) + images(), 'but full scale is 1: divide the samples'),
    'class ids of another table': (lambda: audio() + images(labels=26), 'class ids 26, which do not exist'),
    'nothing labelled': (lambda: audio() + images(labels=255), 'no pixel of'),
    'no valid depth': (lambda: audio() + images(depth_m=0.0), 'has a valid depth'),
}


@pytest.mark.parametrize('case', CASES)
def test_check_and_conversion_name_the_same_cause(case: str, tmp_path: Path) -> None:
    events, message = CASES[case]
    bag = write(tmp_path / 'bag', events())
    check = check_bag(bag)
    assert check.verdict is Verdict.UNFIT
    assert any(message in obstacle for obstacle in check.obstacles), check.obstacles
    assert not any('goes back' in text for text in (*check.obstacles, *check.problems))
    with pytest.raises(BagError, match=message):
        convert_bag(bag, tmp_path, RIG, ConversionOptions())
    assert not list(tmp_path.glob('*.h5'))


def chunks(rate_hz: int, true_hz: float, seconds: float, *, indexed: bool, jitter_ms: float) -> list[AudioChunk]:
    rng = np.random.default_rng(3)
    block = np.zeros((2, 512), np.int16)
    return [
        AudioChunk(
            block,
            first if indexed else None,
            rate_hz,
            EPOCH_NS + round(first / true_hz * NS_PER_S + rng.normal(0, jitter_ms) * 1e6),
            not indexed,
        )
        for first in range(0, int(seconds * true_hz), 512)
    ]


@pytest.mark.parametrize(
    ('true_hz', 'indexed', 'jitter_ms', 'is_fit'),
    [
        (22_500, True, 0.4, True),
        (22_500 * 1.0015, True, 0.4, True),
        (22_500 * 1.004, True, 0.4, False),
        (22_500 * 0.996, True, 0.4, False),
        (22_500, False, 15.0, True),
        (22_500 * 1.05, False, 5.0, False),
        (45_000, False, 5.0, False),
    ],
)
def test_the_delivered_rate_may_differ_by_two_thousandths(
    true_hz: float, *, indexed: bool, jitter_ms: float, is_fit: bool
) -> None:
    meter = DeliveryMeter(22_500)
    for chunk in chunks(22_500, true_hz, 60, indexed=indexed, jitter_ms=jitter_ms):
        meter.add(chunk)
    assert (not audio_obstacles('/audio', 22_500, meter.delivery())) is is_fit


def test_lost_messages_and_a_step_of_the_clock_are_not_another_rate() -> None:
    meter = DeliveryMeter(22_500)
    for number, chunk in enumerate(chunks(22_500, 22_500, 30, indexed=False, jitter_ms=0.5)):
        if number % 200 > 20:
            later_ns = 300_000_000 if number > 600 else 0
            meter.add(AudioChunk(chunk.samples, None, 22_500, chunk.stamp_ns + later_ns, inferred=True))
    assert audio_obstacles('/audio', 22_500, meter.delivery()) == ()


def test_the_preflight_names_the_cause() -> None:
    unstamped, wrong = AudioStatistics(), AudioStatistics()
    for chunk in chunks(22_500, 22_500, 4, indexed=True, jitter_ms=0):
        unstamped.update(AudioChunk(chunk.samples, chunk.first_sample, 22_500, 0, inferred=False))
    for chunk in chunks(48_000, 44_100, 4, indexed=True, jitter_ms=0):
        wrong.update(chunk)
    for statistics, message in ((unstamped, 'carries no stamps'), (wrong, 'declares 48000 Hz, delivers 44100 Hz')):
        summary = statistics.summary()
        assert summary is not None
        errors = [f.text for f in check_audio('/audio', summary, 4.0, None) if f.level is Severity.ERROR]
        assert any(message in text for text in errors), errors
        assert not any('load of the machine' in text for text in errors)
    summary = wrong.summary()
    assert summary is not None
    assert '2 publishers send' in check_audio('/audio', summary, 4.0, None, 2)[0].text


def test_a_camera_that_never_stamps_fails_the_preflight() -> None:
    camera = TopicStatistics('/camera/image', IMAGE)
    for number in range(10):
        camera.update(EPOCH_NS + number, None, 100, has_header=True)
    (finding,) = check_clocks([camera.summary()])
    assert finding.level is Severity.ERROR
    assert 'carries no stamps' in finding.text


def test_messages_at_time_zero_are_a_problem(tmp_path: Path) -> None:
    events = audio() + images()
    early = [
        (topic, kind, 0 if number < 2 else time_ns, data) for number, (topic, kind, time_ns, data) in enumerate(events)
    ]
    check = check_bag(write(tmp_path / 'bag', early))
    assert check.verdict is Verdict.READY
    assert any('2 messages were received 53.9 years before' in problem for problem in check.problems), check.problems


def test_topics_under_a_namespace_are_found(tmp_path: Path) -> None:
    events = [(f'/car{topic}', kind, time_ns, data) for topic, kind, time_ns, data in audio() + images()]
    assert check_bag(write(tmp_path / 'bag', events)).verdict is Verdict.READY
    assert convert_bag(tmp_path / 'bag', tmp_path, RIG, ConversionOptions()).record['images']['kept'] > 20


def test_depth_and_labels_are_not_offered_as_camera_images(tmp_path: Path) -> None:
    events = [
        (topic if topic == '/audio' else f'/left{topic}', kind, time_ns, data)
        for topic, kind, time_ns, data in audio() + images()
    ]
    check = check_bag(write(tmp_path / 'bag', events))
    assert check.verdict is Verdict.UNFIT
    (obstacle,) = check.obstacles
    assert '--depth /left/depth/image --labels /left/segmentation/image' in obstacle
    assert 'train label' not in obstacle
    options = ConversionOptions(depth='/left/depth/image', labels='/left/segmentation/image')
    assert check_bag(tmp_path / 'bag', options).verdict is Verdict.READY


def test_a_drive_is_not_replaced_by_another_recording_of_the_same_name(tmp_path: Path) -> None:
    for day, later_s in (('monday', 0), ('tuesday', 1000)):
        epoch_ns = EPOCH_NS + later_s * NS_PER_S
        write(tmp_path / day / 'whole', audio(epoch_ns=epoch_ns, seed=later_s) + images(epoch_ns=epoch_ns))
    out = tmp_path / 'out'
    out.mkdir()
    first = convert_bag(tmp_path / 'monday/whole', out, RIG, ConversionOptions())
    content = first.path.read_bytes()
    with pytest.raises(BagError, match='another recording with the same name'):
        convert_bag(tmp_path / 'tuesday/whole', out, RIG, ConversionOptions())
    (out / 'whole.json').unlink()
    with pytest.raises(BagError, match='another recording with the same name'):
        convert_bag(tmp_path / 'tuesday/whole', out, RIG, ConversionOptions())
    assert first.path.read_bytes() == content
    assert not convert_bag(tmp_path / 'monday/whole', out, RIG, ConversionOptions(rows=64)).reused


def write_foreign(path: Path, profile: str = 'ros2', *, json_channel: bool = False) -> Path:
    with path.open('wb') as file:
        writer = McapWriter(file)
        writer.start(profile=profile, library='other')
        channels: dict[str, int] = {}
        for topic, kind, time_ns, data in sorted(audio() + images(), key=lambda event: event[2]):
            if topic not in channels:
                schema = writer.register_schema(kind, 'ros2msg', definition_of(kind)[0].encode())
                channels[topic] = writer.register_channel(topic, 'cdr', schema)
            writer.add_message(channels[topic], time_ns, data, time_ns)
        if json_channel:
            schema = writer.register_schema('gps.Fix', 'jsonschema', b'{"type":"object"}')
            writer.add_message(writer.register_channel('/gps', 'json', schema), EPOCH_NS, b'{}', EPOCH_NS)
        writer.finish()
    return path


def test_intact_files_of_other_programs_are_read(tmp_path: Path) -> None:
    mixed = check_bag(write_foreign(tmp_path / 'mixed.mcap', json_channel=True))
    assert mixed.verdict is Verdict.READY
    assert any("'/gps' (json)" in problem for problem in mixed.problems)
    assert check_bag(write_foreign(tmp_path / 'bare.mcap', '')).verdict is Verdict.READY
    assert convert_bag(tmp_path / 'mixed.mcap', tmp_path, RIG, ConversionOptions()).record['images']['kept'] > 20
    with BagReader(tmp_path / 'bare.mcap') as bare, BagReader(tmp_path / 'mixed.mcap') as reader:
        assert [tuple(m) for m in bare.messages()] == [tuple(m) for m in reader.messages()]
        assert [m.topic for m in reader.messages(['/audio'])] == ['/audio'] * sum(
            topic.count for topic in reader.topics if topic.name == '/audio'
        )


def test_recordings_of_ros_1_are_named(tmp_path: Path) -> None:
    check = check_bag(write_foreign(tmp_path / 'old.mcap', 'ros1'))
    assert check.verdict is Verdict.UNFIT
    assert 'ROS 1' in check.obstacles[0]
    assert 'recover' not in ' '.join(check.obstacles)
    (tmp_path / 'old.bag').write_bytes(b'#ROSBAG V2.0\n')
    with pytest.raises(BagError, match='bag of ROS 1'):
        BagReader(tmp_path / 'old.bag')
