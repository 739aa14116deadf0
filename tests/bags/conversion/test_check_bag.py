# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The check reports whether a bag can be converted, with the actual reasons."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from audio_manifold_ros.bags.conversion.bag_conversion import convert_bag
from audio_manifold_ros.bags.conversion.check_bag import BagCheck, Verdict, check_bag, main
from audio_manifold_ros.bags.conversion.conversion_record import ConversionOptions
from audio_manifold_ros.bags.decoding.run_metadata import CUSTOM_KEY, RunMetadata
from audio_manifold_ros.bags.storage.bag_message import BagMessage
from audio_manifold_ros.bags.storage.bag_reader import BagReader
from audio_manifold_ros.bags.storage.bag_writer import BagWriter
from audio_manifold_ros.common.errors import BagError
from audio_manifold_ros.datasets.label_file import label_folder
from tests.bags import drive_bags
from tests.bags.bag_examples import make_messages, text_message, write_bag

# As a block has them: the rate, behind it the channels.
RATE, OTHER_RATE = struct.pack('<II', 22_500, 8), struct.pack('<II', 22_400, 8)
DEPTH, LABELS = '/truth/depth/image', '/truth/segmentation/image'
Change = Callable[[BagMessage], 'BagMessage | None']


@pytest.fixture(scope='module')
def drive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp('drive') / 'bag'
    times_s = [number / 10 for number in range(25)]
    return drive_bags.write_bag(folder, drive_bags.sound(56_250), times_s, lost=(10, 11), with_rig=False)


def modified_bag(bag: Path, target: Path, change: Change, names: dict[str, str] | None = None) -> Path:
    """Write a copy of a bag with other messages or other topic names."""
    names = names or {}
    with BagReader(bag) as reader, BagWriter(target, reader.custom) as writer:
        kept = [message for message in map(change, reader.messages()) if message is not None]
        for topic in reader.topics:
            if any(message.topic == topic.name for message in kept):
                writer.add_topic(names.get(topic.name, topic.name), topic.type)
        for message in kept:
            writer.write(names.get(message.topic, message.topic), message.data, message.time_ns)
    return target


def keep_topics(*topics: str) -> Change:
    return lambda message: message if message.topic in topics else None


def restamped(message: BagMessage, by_s: int) -> BagMessage:
    seconds = struct.unpack_from('<i', message.data, 4)[0] + by_s
    return message._replace(data=message.data[:4] + struct.pack('<i', seconds) + message.data[8:])


def can_convert(bag: Path, out: Path) -> bool:
    try:
        convert_bag(bag, out, drive_bags.RIG, ConversionOptions())
    except BagError:
        return False
    return True


def assert_unfit(check: BagCheck, message_part: str, out: Path) -> None:
    assert check.verdict is Verdict.UNFIT
    assert message_part in ' '.join(check.obstacles)
    assert not can_convert(Path(check.bag), out)


def test_a_drive_is_ready_and_becomes_a_dataset(drive: Path, tmp_path: Path) -> None:
    check = check_bag(drive)
    assert (check.verdict, check.obstacles) == (Verdict.READY, ())
    assert (check.images, check.images_with_audio) == (25, 13)  # behind the loss, from 0.74 to 2.0 s
    assert check.report is not None
    audio = next(topic.audio for topic in check.report.topics if topic.audio is not None)
    assert (audio.samples_lost, audio.losses, audio.inferred) == (900, 1, False)
    assert any('rig' in problem for problem in check.problems)
    assert can_convert(drive, tmp_path)


def test_a_bag_without_audio(drive: Path, tmp_path: Path) -> None:
    assert_unfit(check_bag(modified_bag(drive, tmp_path / 'bag', keep_topics(DEPTH, LABELS))), 'has no audio', tmp_path)


def test_a_bag_without_images(drive: Path, tmp_path: Path) -> None:
    check = check_bag(modified_bag(drive, tmp_path / 'bag', keep_topics('/audio')))
    assert_unfit(check, 'no depth, no labels and no camera', tmp_path)


def test_a_bag_with_only_a_camera_must_be_labelled(drive: Path, tmp_path: Path) -> None:
    bag = modified_bag(drive, tmp_path / 'bag', keep_topics('/audio', LABELS), {LABELS: '/camera/image'})
    check = check_bag(bag)
    assert check.verdict is Verdict.LABEL
    assert '/camera/image' in check.obstacles[0]
    assert check_bag(bag, ConversionOptions(labels='/camera/image')).verdict is Verdict.READY


def test_images_of_another_clock(drive: Path, tmp_path: Path) -> None:
    bag = modified_bag(drive, tmp_path / 'bag', lambda m: restamped(m, 3600) if m.topic in {DEPTH, LABELS} else m)
    check = check_bag(bag)
    assert_unfit(check, 'use the same clock', tmp_path)
    assert '+3600.0' in check.obstacles[0]


def test_audio_of_less_than_a_window(drive: Path, tmp_path: Path) -> None:
    with BagReader(drive) as reader:
        end_ns = reader.start_ns + 900_000_000
    bag = modified_bag(drive, tmp_path / 'bag', lambda message: message if message.time_ns < end_ns else None)
    check = check_bag(bag)
    assert check.verdict is Verdict.UNFIT
    assert 'a window needs 1 s' in check.obstacles[0]


def test_audio_that_cannot_be_read(drive: Path, tmp_path: Path) -> None:
    def damaged(message: BagMessage) -> BagMessage:
        return message._replace(data=message.data[:-300]) if message.topic == '/audio' else message

    check = check_bag(modified_bag(drive, tmp_path / 'bag', damaged))
    assert_unfit(check, 'no message can be read', tmp_path)
    assert check.report is not None
    assert check.report.topics[0].unreadable == check.report.topics[0].count > 100


def test_a_message_that_cannot_be_read_is_a_loss(drive: Path, tmp_path: Path) -> None:
    def damaged(message: BagMessage) -> BagMessage:
        is_there = message.topic == '/audio' and 0 <= message.time_ns - drive_bags.EPOCH_NS - 900_000_000 < 20_000_000
        return message._replace(data=message.data[:-300]) if is_there else message

    whole, check = check_bag(drive), check_bag(modified_bag(drive, tmp_path / 'bag', damaged))
    assert check.verdict is Verdict.READY
    assert (whole.images_with_audio, check.images_with_audio) == (13, 7)  # from 1.4 to 2.0 s


def test_a_clock_that_goes_back(drive: Path, tmp_path: Path) -> None:
    half_ns = drive_bags.EPOCH_NS + 1_300_000_000

    def late(message: BagMessage) -> BagMessage:
        return restamped(message, -2) if message.topic == '/audio' and message.time_ns > half_ns else message

    assert_unfit(check_bag(modified_bag(drive, tmp_path / 'bag', late)), 'clock of the audio goes back', tmp_path)


def test_audio_that_changes_or_has_no_ratio(drive: Path, tmp_path: Path) -> None:
    def other_rate(message: BagMessage) -> BagMessage:
        later = message.time_ns > drive_bags.EPOCH_NS + 2_000_000_000
        return message._replace(data=message.data.replace(RATE, OTHER_RATE)) if later else message

    assert_unfit(
        check_bag(modified_bag(drive, tmp_path / 'bag', other_rate)), 'changes from 8 channels at 22500', tmp_path
    )
    check = check_bag(drive, ConversionOptions(sample_rate_hz=22_501))
    assert check.verdict is Verdict.UNFIT
    assert '22501' in check.obstacles[0]


@pytest.mark.parametrize('topic', [DEPTH, LABELS])
def test_images_that_cannot_be_decoded(drive: Path, tmp_path: Path, topic: str) -> None:
    def undecodable(message: BagMessage) -> BagMessage:
        data = message.data.replace(b'32FC1', b'64FC1').replace(b'mono8', b'bayer')
        return message._replace(data=data) if message.topic == topic else message

    def but_one(message: BagMessage) -> BagMessage:
        return message if message.time_ns == drive_bags.EPOCH_NS + 1_500_000_000 else undecodable(message)

    assert_unfit(check_bag(modified_bag(drive, tmp_path / 'bag', undecodable)), 'no image can be decoded', tmp_path)
    assert check_bag(modified_bag(drive, tmp_path / 'one', but_one)).verdict is Verdict.READY


def test_damaged_label_files(drive: Path, tmp_path: Path) -> None:
    bag = modified_bag(drive, tmp_path / 'bag', keep_topics('/audio', LABELS))
    assert check_bag(bag).verdict is Verdict.READY
    file = label_folder(bag) / 'depth.h5'
    file.parent.mkdir()
    file.write_bytes(b'nothing')
    check = check_bag(bag)
    assert check.verdict is Verdict.UNFIT
    assert 'depth.h5' in check.obstacles[0]


def test_a_damaged_bag_can_be_recovered_and_is_not_changed(drive: Path, tmp_path: Path) -> None:
    (tmp_path / 'bag').mkdir()
    file = tmp_path / 'bag/bag_0.mcap'
    content = (drive / 'bag_0.mcap').read_bytes()[:-30]
    file.write_bytes(content)
    check = check_bag(tmp_path / 'bag')
    assert check.verdict is Verdict.RECOVER
    with BagReader(drive) as reader:
        total = sum(topic.count for topic in reader.topics)
    assert f'would save {total} messages' in check.obstacles[1]
    assert [path.name for path in (tmp_path / 'bag').iterdir()] == ['bag_0.mcap']
    assert file.read_bytes() == content


def test_damage_inside_a_readable_bag_is_found(drive: Path, tmp_path: Path) -> None:
    (tmp_path / 'bag').mkdir()
    content = bytearray((drive / 'bag_0.mcap').read_bytes())
    (tmp_path / 'bag/bag_0.mcap').write_bytes(content)
    content[len(content) // 2] ^= 1
    (tmp_path / 'bag/bag_1.mcap').write_bytes(content)
    check = check_bag(tmp_path / 'bag')
    assert check.verdict is Verdict.RECOVER
    assert any('bag_1.mcap: a chunk with a wrong checksum' in problem for problem in check.problems)


@pytest.mark.parametrize('content', [b'', bytes(5000), b'no bag' * 1000])
@pytest.mark.parametrize('suffix', ['.mcap', '.db3', '.mcap.zstd'])
def test_a_bag_without_content_is_unfit(tmp_path: Path, content: bytes, suffix: str) -> None:
    file = tmp_path / f'bag{suffix}'
    file.write_bytes(content)
    check = check_bag(file)
    assert (check.verdict, check.report) == (Verdict.UNFIT, None)
    assert len(check.obstacles) == 2
    assert check_bag(tmp_path / 'nothing').verdict is Verdict.UNFIT


def test_empty_and_foreign_bags_are_unfit(tmp_path: Path) -> None:
    empty = check_bag(write_bag(tmp_path / 'empty', []))
    assert empty.verdict is Verdict.UNFIT
    assert 'contains no messages' in empty.obstacles[0]
    with BagWriter(tmp_path / 'foreign') as writer:
        writer.add_topic('/nothing', 'nobody_msgs/msg/Nothing')
        writer.add_topic('/empty', 'std_msgs/msg/String')
        writer.write('/nothing', b'\0\1\0\0what', 5)
    foreign = check_bag(tmp_path / 'foreign')
    assert foreign.verdict is Verdict.UNFIT
    assert any('nobody_msgs/msg/Nothing' in problem for problem in foreign.problems)
    noise = check_bag(write_bag(tmp_path / 'noise', make_messages(30)))  # audio messages of random bytes
    assert noise.verdict is Verdict.UNFIT
    assert 'no message can be read' in noise.obstacles[0]


def copy_messages(reader: BagReader, writer: BagWriter) -> None:
    for topic in reader.topics:
        writer.add_topic(topic.name, topic.type)
    for message in reader.messages():
        writer.write(message.topic, message.data, message.time_ns)


def test_damaged_run_metadata_are_a_problem(drive: Path, tmp_path: Path) -> None:
    with BagReader(drive) as reader, BagWriter(tmp_path / 'bag') as writer:
        writer.add_topic('/run_metadata', 'std_msgs/msg/String')
        writer.write('/run_metadata', text_message('{"format_version": 1'), reader.start_ns)
        copy_messages(reader, writer)
    check = check_bag(tmp_path / 'bag')
    assert check.verdict is Verdict.READY
    assert any('Name the rig by hand' in problem for problem in check.problems)


def test_a_rig_that_cannot_be_used_is_a_problem(drive: Path, tmp_path: Path) -> None:
    text = drive_bags.RIG.extrinsics.replace('audio_time_offset_s: 0.0', 'audio_time_offset_s: .nan')
    rig = replace(drive_bags.RIG, extrinsics=text)
    with BagReader(drive) as reader:
        metadata = RunMetadata(rig, 'test', reader.start_ns, 'recorder', {}).to_json()
        with BagWriter(tmp_path / 'bag', {CUSTOM_KEY: metadata}) as writer:
            copy_messages(reader, writer)
    check = check_bag(tmp_path / 'bag')
    assert check.verdict is Verdict.READY
    assert any('audio_time_offset_s' in problem and '--rig' in problem for problem in check.problems)


def test_the_command_reports_every_bag(drive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(drive)]) == 0
    output = capsys.readouterr().out
    assert 'ready.' in output
    assert '900 samples' in output
    assert main([str(drive), str(tmp_path / 'nothing'), '--json']) == 1
    first, second = json.loads(capsys.readouterr().out)
    assert (first['verdict'], second['verdict']) == ('ready', 'unfit')
    assert first['report']['topics'][0]['topic'] == '/audio'
    assert main([str(drive), '--audio', 'other']) == 1
    assert "'other'" in capsys.readouterr().out
