# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Reading of every kind of bag: complete, or with an error."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml
from mcap.writer import CompressionType, IndexType
from mcap.writer import Writer as McapWriter
from rosbags.rosbag2 import CompressionMode, StoragePlugin

from audio_manifold_ros.bags.recovery.recover import recover_bag
from audio_manifold_ros.bags.storage.bag_reader import BagReader
from audio_manifold_ros.bags.storage.message_types import definition_of, typestore
from audio_manifold_ros.common.errors import BagError
from tests.bags.bag_examples import (
    AUDIO,
    CUSTOM,
    START_NS,
    STEP_NS,
    STRING,
    Sent,
    audio_message,
    make_messages,
    read,
    text_message,
    write_bag,
    write_bag_with_rosbags,
)

STORAGES = [
    (StoragePlugin.MCAP, CompressionMode.NONE),
    (StoragePlugin.MCAP, CompressionMode.STORAGE),
    (StoragePlugin.MCAP, CompressionMode.FILE),
    (StoragePlugin.MCAP, CompressionMode.MESSAGE),
    (StoragePlugin.SQLITE3, CompressionMode.NONE),
    (StoragePlugin.SQLITE3, CompressionMode.FILE),
    (StoragePlugin.SQLITE3, CompressionMode.MESSAGE),
]


@pytest.fixture
def sent() -> list[Sent]:
    return make_messages(35)


@pytest.mark.parametrize(('storage', 'compression'), STORAGES)
def test_bags_of_other_writers_are_read_completely(
    tmp_path: Path, sent: list[Sent], storage: StoragePlugin, compression: CompressionMode
) -> None:
    bag = write_bag_with_rosbags(tmp_path / 'bag', sent, storage, compression)
    with BagReader(bag) as reader:
        assert read(reader.messages()) == sent
        assert reader.problems == ()
        assert {(topic.name, topic.type, topic.count) for topic in reader.topics} == {
            ('/audio', AUDIO, 23),
            ('/words', STRING, 12),
        }


@pytest.mark.parametrize('storage', [StoragePlugin.MCAP, StoragePlugin.SQLITE3])
def test_metadata_may_be_missing_or_damaged(tmp_path: Path, sent: list[Sent], storage: StoragePlugin) -> None:
    bag = write_bag_with_rosbags(tmp_path / 'bag', sent, storage)
    for text in ('', 'rosbag2_bagfile_information: 5', '{', None):
        if text is None:
            (bag / 'metadata.yaml').unlink()
        else:
            (bag / 'metadata.yaml').write_text(text)
        with BagReader(bag) as reader:
            assert read(reader.messages()) == sent
            assert 'metadata.yaml' in ' '.join(reader.problems)


def test_a_single_file_or_metadata_file_is_a_bag(tmp_path: Path, sent: list[Sent]) -> None:
    bag = write_bag(tmp_path / 'bag', sent)
    for path in (bag / 'bag_0.mcap', bag / 'metadata.yaml', bag):
        with BagReader(path) as reader:
            assert read(reader.messages()) == sent
            assert reader.custom == CUSTOM
            assert (reader.start_ns, reader.end_ns) == (START_NS, START_NS + 34 * STEP_NS + 1)
            assert reader.duration_s == pytest.approx(0.34)


def test_topics_and_times_can_be_selected(tmp_path: Path, sent: list[Sent]) -> None:
    bag = write_bag(tmp_path / 'bag', sent, split_s=0.1)
    start_ns, stop_ns = START_NS + 5 * STEP_NS, START_NS + 25 * STEP_NS
    expected = [message for message in sent if message[0] == '/words' and start_ns <= message[1] < stop_ns]
    with BagReader(bag) as reader:
        assert read(reader.messages(['/words'], start_ns, stop_ns)) == expected
        with pytest.raises(BagError, match=r"'/nothing'.*'/audio'"):
            reader.messages(['/nothing'])


def test_files_that_overlap_in_time_are_merged(tmp_path: Path, sent: list[Sent]) -> None:
    first = write_bag(tmp_path / 'a', sent[::2])
    second = write_bag(tmp_path / 'b', sent[1::2])
    both = tmp_path / 'both'
    both.mkdir()
    shutil.copy(first / 'a_0.mcap', both / 'both_0.mcap')
    shutil.copy(second / 'b_0.mcap', both / 'both_1.mcap')
    with BagReader(both) as reader:
        assert read(reader.messages()) == sent


def test_messages_are_decoded_by_the_definition_in_the_bag(tmp_path: Path) -> None:
    ours = write_bag(
        tmp_path / 'ours', [('/audio', START_NS, audio_message(480)), ('/words', START_NS, text_message('ä'))]
    )
    with BagReader(ours) as reader:
        audio, words = (reader.decode(message) for message in reader.messages())
    assert (audio.first_sample, audio.header.frame_id, words.data) == (480, 'mic_array_link', 'ä')


def test_types_of_one_name_and_two_definitions_are_both_decoded(tmp_path: Path) -> None:
    """`audio_common_msgs/AudioInfo` of ros-drivers and of mgonzs13, in one file."""
    name = 'audio_common_msgs/msg/AudioInfo'
    drivers, other = typestore(), typestore('audio_common_msgs/msg/AudioStamped')
    contents = [
        (definition_of(name)[0], drivers.serialize_cdr(drivers.types[name](2, 48_000, 'S16LE', 0, 'wave'), name)),
        (
            other.generate_msgdef(name, ros_version=2)[0],
            other.serialize_cdr(other.types[name](8, 4, 16_000, 512), name),
        ),
    ]
    path = tmp_path / 'clash.mcap'
    with path.open('wb') as file:
        writer = McapWriter(file)
        writer.start('ros2')
        for place, (text, data) in enumerate(contents):
            schema = writer.register_schema(name, 'ros2msg', text.encode())
            channel = writer.register_channel(f'/info_{place}', 'cdr', schema)
            writer.add_message(channel, START_NS + place, bytes(data), START_NS)
        writer.finish()
    with BagReader(path) as reader:
        first, second = (reader.decode(message) for message in reader.messages())
    assert (first.sample_rate, second.rate) == (48_000, 16_000)


def test_messages_of_an_unknown_type_are_read_but_not_decoded(tmp_path: Path) -> None:
    path = tmp_path / 'foreign.mcap'
    with path.open('wb') as file:
        writer = McapWriter(file)
        writer.start('ros2')
        schema = writer.register_schema('nobody_msgs/msg/Nothing', '', b'')
        channel = writer.register_channel('/nothing', 'cdr', schema)
        writer.add_message(channel, START_NS, b'\0\1\0\0abc', START_NS)
        writer.finish()
    with BagReader(path) as reader:
        (message,) = reader.messages()
        with pytest.raises(BagError, match='nobody_msgs/msg/Nothing'):
            reader.decode(message)


def test_bytes_that_do_not_match_their_type_are_refused(tmp_path: Path) -> None:
    bag = write_bag(
        tmp_path / 'bag', [('/audio', START_NS, data) for data in (b'', b'\0\1\0\0', audio_message(0)[:-9])]
    )
    with BagReader(bag) as reader:
        for message in reader.messages():
            with pytest.raises(BagError, match='/audio'):
                reader.decode(message)


def test_a_bag_without_messages_is_a_bag(tmp_path: Path) -> None:
    with BagReader(write_bag(tmp_path / 'bag', [])) as reader:
        assert list(reader.messages()) == []
        assert (reader.start_ns, reader.end_ns, reader.duration_s) == (0, 0, 0)
        assert [topic.name for topic in reader.topics] == ['/audio', '/words']


def test_a_file_without_an_index_is_read_completely_or_refused(tmp_path: Path, sent: list[Sent]) -> None:
    """rosbag2 writes such files with the preset `fastwrite`."""
    path = tmp_path / 'fast.mcap'
    with path.open('wb') as file:
        writer = McapWriter(
            file,
            compression=CompressionType.NONE,
            index_types=IndexType.NONE,
            repeat_channels=False,
            repeat_schemas=False,
            use_chunking=False,
            use_statistics=False,
            use_summary_offsets=False,
        )
        writer.start('ros2')
        schema = writer.register_schema(STRING, 'ros2msg', b'string data')
        channel = writer.register_channel('/words', 'cdr', schema)
        for _, time_ns, data in sent:
            writer.add_message(channel, time_ns, data, time_ns)
        writer.finish()
    with BagReader(path) as reader:
        assert [message.data for message in reader.messages()] == [data for _, _, data in sent]
    content = bytearray(path.read_bytes())
    place = content.index(sent[9][2]) - 31  # the length of the tenth message: a reader would skip to behind the end
    content[place + 4] = 1
    path.write_bytes(content)
    with pytest.raises(BagError, match='records end at byte'):
        BagReader(path)


@pytest.mark.parametrize('statistics', [True, False])
def test_messages_that_are_not_in_the_index_are_refused(tmp_path: Path, sent: list[Sent], *, statistics: bool) -> None:
    path = tmp_path / 'odd.mcap'
    with path.open('wb') as file:
        writer = McapWriter(file, index_types=IndexType.CHUNK, use_statistics=statistics)
        writer.start('ros2')
        schema = writer.register_schema(STRING, 'ros2msg', b'string data')
        channel = writer.register_channel('/words', 'cdr', schema)
        for _, time_ns, data in sent:
            writer.add_message(channel, time_ns, data, time_ns)
        writer.finish()
    with pytest.raises(BagError, match='recover_bag'), BagReader(path) as reader:
        list(reader.messages())
    recover_bag(path, tmp_path / 'new')
    with BagReader(tmp_path / 'new') as reader:
        assert [message.data for message in reader.messages()] == [data for _, _, data in sent]


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        ('missing file', r"lists \['bag_1.mcap'\]"),
        ('empty file', 'is empty'),
        ('not a bag', 'recover_bag'),
        ('cut', 'has no end'),
        ('no files', 'contains no .mcap'),
        ('no folder', 'does not exist'),
    ],
)
def test_a_damaged_bag_is_refused_with_a_message(tmp_path: Path, sent: list[Sent], change: str, message: str) -> None:
    bag = write_bag(tmp_path / 'bag', sent, split_s=0.1)
    file = bag / 'bag_1.mcap'
    changes = {
        'missing file': file.unlink,
        'empty file': lambda: file.write_bytes(b''),
        'not a bag': lambda: file.write_bytes(file.read_bytes()[::-1] + file.read_bytes()[-8:]),
        'cut': lambda: file.write_bytes(file.read_bytes()[:-20]),
        'no files': lambda: [path.unlink() for path in bag.glob('*.mcap')],
        'no folder': lambda: shutil.rmtree(bag),
    }
    changes[change]()
    with pytest.raises(BagError, match=message):
        BagReader(bag)


def test_files_of_other_kinds_are_refused(tmp_path: Path) -> None:
    text = tmp_path / 'notes.txt'
    text.write_text('no bag')
    with pytest.raises(BagError, match='is not a bag'):
        BagReader(text)
    database = tmp_path / 'other.db3'
    database.write_bytes(b'SQLite format 3\0' + bytes(200))
    with pytest.raises(BagError, match=r'other\.db3'):
        BagReader(database)


def test_messages_missing_from_the_files_are_a_problem(tmp_path: Path, sent: list[Sent]) -> None:
    bag = write_bag(tmp_path / 'bag', sent, split_s=0.1)
    path = bag / 'metadata.yaml'
    metadata = yaml.safe_load(path.read_text())
    information = metadata['rosbag2_bagfile_information']
    information['relative_file_paths'].remove('bag_2.mcap')
    path.write_text(yaml.safe_dump(metadata))
    with BagReader(bag) as reader:
        problems = ' '.join(reader.problems)
    assert "['bag_2.mcap'] are not listed in metadata.yaml" in problems
    assert '/audio' in problems
    assert 'states 23 messages' in problems
