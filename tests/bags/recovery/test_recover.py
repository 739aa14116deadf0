# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A recovered bag contains every intact message, the report states the losses, and the damaged bag is not changed."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path

import pytest
from mcap.records import Chunk
from mcap.stream_reader import StreamReader
from mcap.writer import CompressionType
from mcap.writer import Writer as McapWriter
from rosbags.rosbag2 import CompressionMode, StoragePlugin

from audio_manifold_ros.bags.recovery.recover import main, recover_bag
from audio_manifold_ros.bags.storage.bag_reader import BagReader
from audio_manifold_ros.bags.storage.message_types import definition_of, typestore
from audio_manifold_ros.common.errors import BagError
from tests.bags.bag_examples import (
    AUDIO,
    CUSTOM,
    START_NS,
    STRING,
    Sent,
    make_messages,
    read,
    write_bag,
    write_bag_with_rosbags,
)


@pytest.fixture
def sent() -> list[Sent]:
    return make_messages(60)


def recovered(bag: Path, target: Path) -> list[Sent]:
    recover_bag(bag, target)
    with BagReader(target) as reader:
        assert reader.problems == ()
        return read(reader.messages())


def chunk_places(path: Path) -> list[int]:
    """Return the offset of the records of each chunk of an uncompressed file."""
    content = path.read_bytes()
    with path.open('rb') as file:
        records = list(StreamReader(file, emit_chunks=True).records)
    return [content.index(record.data) for record in records if isinstance(record, Chunk)]


def test_an_intact_bag_is_copied(tmp_path: Path, sent: list[Sent]) -> None:
    bag = write_bag(tmp_path / 'bag', sent, split_s=0.2)
    recovery = recover_bag(bag, tmp_path / 'new')
    assert (recovery.kept, recovery.missing, recovery.unverified, recovery.lost_bytes) == (60, 0, 0, 0)
    assert (recovery.damages, recovery.notes, recovery.topics) == ((), (), {'/audio': 40, '/words': 20})
    with BagReader(bag) as old, BagReader(tmp_path / 'new') as new:
        assert (old.topics, old.custom) == (new.topics, new.custom)
        assert list(old.messages()) == list(new.messages())
    assert json.loads((tmp_path / 'new/recovery.json').read_text())['kept'] == 60


def test_a_chunk_with_a_wrong_checksum_is_discarded_and_reported(tmp_path: Path, sent: list[Sent]) -> None:
    bag = write_bag(tmp_path / 'bag', sent)
    file = bag / 'bag_0.mcap'
    content = bytearray(file.read_bytes())
    content[content.index(sent[25][2]) + 20] ^= 1
    file.write_bytes(content)
    recovery = recover_bag(bag, tmp_path / 'new')
    assert (recovery.kept, recovery.missing) == (50, 10)
    assert 'checksum' in recovery.reason
    with BagReader(tmp_path / 'new') as reader:
        assert read(reader.messages()) == sent[:20] + sent[30:]


def test_chunks_after_a_broken_record_are_found(tmp_path: Path, sent: list[Sent]) -> None:
    bag = write_bag(tmp_path / 'bag', sent)
    file = bag / 'bag_0.mcap'
    content = bytearray(file.read_bytes())
    place = chunk_places(file)[2] - 49
    assert content[place] == 6
    content[place : place + 100] = bytes(100)
    file.write_bytes(content)
    recovery = recover_bag(bag, tmp_path / 'new')
    assert (recovery.kept, recovery.missing) == (50, 10)
    assert recovery.lost_bytes > 400


def test_every_message_before_a_truncation_is_kept(tmp_path: Path, sent: list[Sent]) -> None:
    bag = write_bag(tmp_path / 'bag', sent)
    content = (bag / 'bag_0.mcap').read_bytes()
    cut = content.index(sent[43][2]) + len(sent[43][2])
    for size, kept in ((cut, 44), (cut - 1, 43)):
        file = tmp_path / f'cut_{size}.mcap'
        file.write_bytes(content[:size])
        recovery = recover_bag(file, tmp_path / f'new_{size}')
        assert (recovery.kept, recovery.unverified, recovery.missing) == (kept, kept - 40, None)
        with BagReader(tmp_path / f'new_{size}') as reader:
            assert read(reader.messages()) == sent[:kept]
            assert reader.custom == CUSTOM


@pytest.mark.parametrize('compression', [CompressionType.ZSTD, CompressionType.LZ4])
def test_a_truncated_compressed_chunk(tmp_path: Path, compression: CompressionType) -> None:
    sent = make_messages(400, size=2000)
    path = tmp_path / 'packed.mcap'
    with path.open('wb') as file:
        writer = McapWriter(file, chunk_size=10**9, compression=compression)
        writer.start('ros2')
        schema = writer.register_schema(STRING, 'ros2msg', b'string data')
        channel = writer.register_channel('/words', 'cdr', schema)
        for _, time_ns, data in sent:
            writer.add_message(channel, time_ns, data, time_ns)
        writer.finish()
    with path.open('r+b') as file:
        file.truncate(path.stat().st_size * 3 // 4)
    messages = recovered(path, tmp_path / 'new')
    assert [data for _, _, data in messages] == [data for _, _, data in sent[: len(messages)]]
    assert len(messages) > 200


@pytest.mark.parametrize('storage', [StoragePlugin.MCAP, StoragePlugin.SQLITE3])
@pytest.mark.parametrize('mode', [CompressionMode.FILE, CompressionMode.MESSAGE, CompressionMode.NONE])
def test_bags_of_other_writers_are_recovered(
    tmp_path: Path, sent: list[Sent], storage: StoragePlugin, mode: CompressionMode
) -> None:
    bag = write_bag_with_rosbags(tmp_path / 'bag', sent, storage, mode)
    (bag / 'metadata.yaml').unlink()
    assert recovered(bag, tmp_path / 'new') == sent


def test_a_truncated_file_with_file_compression(tmp_path: Path) -> None:
    sent = make_messages(400, size=5000)
    bag = write_bag_with_rosbags(tmp_path / 'bag', sent, StoragePlugin.MCAP, CompressionMode.FILE)
    (file,) = bag.glob('*.zstd')
    with file.open('r+b') as stream:
        stream.truncate(file.stat().st_size // 2)
    messages = recovered(bag, tmp_path / 'new')
    assert messages == sent[: len(messages)]
    assert len(messages) > 100


def test_a_damaged_page_of_sqlite_loses_only_its_own_messages(tmp_path: Path) -> None:
    sent = make_messages(2000, size=300)
    bag = write_bag_with_rosbags(tmp_path / 'bag', sent, StoragePlugin.SQLITE3)
    (file,) = bag.glob('*.db3')
    content = bytearray(file.read_bytes())
    place = content.index(sent[1000][2]) // 4096 * 4096
    content[place : place + 4096] = b'\xff' * 4096
    file.write_bytes(content)
    recovery = recover_bag(bag, tmp_path / 'new')
    assert 1900 < recovery.kept < 2000
    assert recovery.missing == 2000 - recovery.kept
    assert 'damaged page' in recovery.reason
    with BagReader(tmp_path / 'new') as reader:
        assert set(read(reader.messages())) < set(sent)


def test_messages_in_a_journal_are_recovered(tmp_path: Path, sent: list[Sent]) -> None:
    """The recorder was killed while messages were in the write-ahead log of SQLite."""
    bag = write_bag_with_rosbags(tmp_path / 'bag', sent[:30], StoragePlugin.SQLITE3)
    (file,) = bag.glob('*.db3')
    database = sqlite3.connect(file)
    database.execute('PRAGMA journal_mode=WAL')
    database.executemany(
        'INSERT INTO messages(topic_id, timestamp, data) VALUES (?, ?, ?)',
        [(1 if topic == '/audio' else 2, time_ns, data) for topic, time_ns, data in sent[30:]],
    )
    database.commit()
    left = tmp_path / 'left'
    shutil.copytree(bag, left)
    database.close()
    (left / 'metadata.yaml').unlink()
    before = {path.name: path.read_bytes() for path in left.iterdir()}
    assert any(name.endswith('-wal') for name in before)
    with pytest.raises(BagError, match='db3-wal has data that are not in the database'):
        BagReader(left)
    assert recovered(left, tmp_path / 'new') == sent
    assert {path.name: path.read_bytes() for path in left.iterdir()} == before


def test_a_missing_file_is_reported_and_the_others_are_recovered(tmp_path: Path, sent: list[Sent]) -> None:
    bag = write_bag(tmp_path / 'bag', sent, split_s=0.2)
    (bag / 'bag_1.mcap').unlink()
    recovery = recover_bag(bag, tmp_path / 'new')
    assert (recovery.kept, recovery.missing) == (40, 20)
    assert "['bag_1.mcap']" in recovery.notes[0]


def test_types_of_one_name_and_two_definitions_are_kept_apart(tmp_path: Path) -> None:
    name = 'audio_common_msgs/msg/AudioInfo'
    drivers, other = typestore(), typestore('audio_common_msgs/msg/AudioStamped')
    first = drivers.serialize_cdr(drivers.types[name](2, 48_000, 'S16LE', 0, 'wave'), name)
    second = other.serialize_cdr(other.types[name](8, 4, 16_000, 512), name)
    contents = [
        (definition_of(name)[0], bytes(first)),
        (other.generate_msgdef(name, ros_version=2)[0], bytes(second)),
    ]
    folder = tmp_path / 'bag'
    folder.mkdir()
    for place, (text, data) in enumerate(contents):
        with (folder / f'bag_{place}.mcap').open('wb') as file:
            writer = McapWriter(file)
            writer.start('ros2')
            schema = writer.register_schema(name, 'ros2msg', text.encode())
            channel = writer.register_channel('/info', 'cdr', schema)
            writer.add_message(channel, START_NS + place, data, START_NS)
            writer.finish()
    recovery = recover_bag(folder, tmp_path / 'new')
    assert recovery.topics == {'/info': 1, '/info_2': 1}
    assert "'/info_2'" in recovery.notes[1]
    with BagReader(tmp_path / 'new') as reader:
        decoded = [reader.decode(message) for message in reader.messages()]
    assert (decoded[0].sample_rate, decoded[1].rate) == (48_000, 16_000)


def break_announcement(file: Path, topic: bytes, cut: Path) -> None:
    content = bytearray(file.read_bytes())
    content[content.index(topic) - 4] = 0xFF  # the length of the name, where the channel is announced
    cut.write_bytes(content[:-20])


def test_a_lost_channel_record_loses_nothing_because_chunks_repeat_it(tmp_path: Path, sent: list[Sent]) -> None:
    break_announcement(write_bag(tmp_path / 'bag', sent) / 'bag_0.mcap', b'/words', tmp_path / 'cut.mcap')
    recovery = recover_bag(tmp_path / 'cut.mcap', tmp_path / 'new')
    assert recovery.topics == {'/audio': 40, '/words': 20}
    assert recovery.unverified == 0


def test_messages_of_a_lost_channel_are_counted(tmp_path: Path, sent: list[Sent]) -> None:
    whole = tmp_path / 'whole.mcap'
    with whole.open('wb') as stream:
        writer = McapWriter(stream, use_chunking=False)
        writer.start('ros2', 'test')
        channels = {}
        for topic, kind in (('/audio', AUDIO), ('/words', STRING)):
            schema = writer.register_schema(kind, 'ros2msg', definition_of(kind)[0].encode())
            channels[topic] = writer.register_channel(topic, 'cdr', schema)
        for topic, time_ns, data in sent:
            writer.add_message(channels[topic], time_ns, data, time_ns)
        writer.finish()
    break_announcement(whole, b'/words', tmp_path / 'cut.mcap')
    recovery = recover_bag(tmp_path / 'cut.mcap', tmp_path / 'new')
    assert recovery.topics == {'/audio': 40}
    assert '20 messages of a channel that is unknown' in recovery.reason
    assert recovery.unverified == 40


@pytest.mark.parametrize('content', [b'', b'\x89MCAP0\r\n', bytes(5000), b'no bag at all, only words' * 50])
@pytest.mark.parametrize('suffix', ['.mcap', '.db3', '.mcap.zstd', '.db3.zstd'])
def test_a_bag_without_an_intact_message_is_refused_and_nothing_is_written(
    tmp_path: Path, content: bytes, suffix: str
) -> None:
    file = tmp_path / f'damaged{suffix}'
    file.write_bytes(content)
    with pytest.raises(BagError, match='no intact message'):
        recover_bag(file, tmp_path / 'new')
    assert not (tmp_path / 'new').exists()


def test_the_damaged_bag_cannot_be_the_target(tmp_path: Path, sent: list[Sent]) -> None:
    bag = write_bag(tmp_path / 'bag', sent)
    for target in (bag, bag / 'new'):
        with pytest.raises(BagError, match='must not be changed'):
            recover_bag(bag, target)
    write_bag(tmp_path / 'other', sent)
    with pytest.raises(BagError, match='not empty'):
        recover_bag(bag, tmp_path / 'other')


def test_the_command_reports_the_recovered_messages(
    tmp_path: Path, sent: list[Sent], capsys: pytest.CaptureFixture[str]
) -> None:
    bag = write_bag(tmp_path / 'bag', sent)
    file = bag / 'bag_0.mcap'
    file.write_bytes(file.read_bytes()[:-20])
    assert main([str(bag), str(tmp_path / 'new')]) == 0
    output = capsys.readouterr().out
    assert '60 messages kept; none is missing' in output
    assert 'the file has no end' in output
    assert main([str(bag), str(tmp_path / 'json'), '--json']) == 0
    assert json.loads(capsys.readouterr().out)['topics'] == {'/audio': 40, '/words': 20}
    assert main([str(tmp_path / 'nothing'), str(tmp_path / 'x')]) == 1
    assert 'does not exist' in capsys.readouterr().err
