# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Recorder process over DDS: complete recordings, interruption, refusal, full disk and SIGKILL."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from rosbags.rosbag2 import Reader

from audio_manifold_ros.bags.decoding.audio_message_adapters import ADAPTERS, AUDIO_BLOCK_TYPE
from audio_manifold_ros.bags.decoding.dataset_topics import find_topics
from audio_manifold_ros.bags.decoding.run_metadata import CUSTOM_KEY, RunMetadata
from audio_manifold_ros.bags.recovery.recover import recover_bag
from audio_manifold_ros.bags.storage.bag_reader import BagReader
from audio_manifold_ros.common.resource_paths import resource_path
from audio_manifold_ros.common.units import NS_PER_S
from audio_manifold_ros.datasets.rig_files import RigFiles
from audio_manifold_ros.nodes.recorder.recorded_topic import NO_SEQUENCE_NUMBER, RecordedTopic
from tests.nodes.car import BLOCK, RATE_HZ, CarPublisher, audio_samples, image_payload
from tests.nodes.peer import ACTIVATE, CONFIGURE, NodeProcess, Peer

pytestmark = [pytest.mark.ros, pytest.mark.usefixtures('udp_on_loopback')]
RIG = 'calibration/roof_octagon'
TOPICS = "['audio', 'camera/image/compressed', 'note', 'nobody/there']"


@pytest.fixture
def start_car(peer: Peer) -> Iterator[Callable[..., CarPublisher]]:
    cars: list[CarPublisher] = []

    def start(**options: Any) -> CarPublisher:
        cars.append(CarPublisher(peer.node, **options))
        return cars[-1]

    yield start
    for car in cars:
        car.stop()


@pytest.fixture
def record(start_node: Callable[..., NodeProcess], tmp_path: Path) -> Callable[..., NodeProcess]:
    """Return a function that starts a recorder of the car's topics into `tmp_path/drive`."""

    def start(**parameters: Any) -> NodeProcess:
        defaults = {'folder': tmp_path, 'name': 'drive', 'rig': RIG, 'topics': TOPICS, 'preflight__mode': 'warn'}
        defaults |= {'preflight__seconds': 1.5, 'preflight__timeout_s': 60.0, 'reserve_mb': 1}
        return start_node('recorder', **{**defaults, **parameters})

    return start


def wait_for_start(recorder: NodeProcess) -> None:
    deadline_s = time.monotonic() + 80
    while 'Recording into' not in recorder.output:
        assert recorder.process.poll() is None, recorder.output
        assert time.monotonic() < deadline_s, recorder.output
        time.sleep(0.02)


def messages_of(bag: BagReader, topic: str) -> list[Any]:
    return [bag.decode(message) for message in bag.messages([topic])]


def assert_exact(messages: list[Any]) -> tuple[int, int]:
    """Assert that no sample is missing between the first and the last block, and return the index range."""
    chunks = [ADAPTERS[AUDIO_BLOCK_TYPE].read_chunk(message, 0) for message in messages]
    first = chunks[0].first_sample
    assert first is not None
    assert [chunk.first_sample for chunk in chunks] == list(range(first, first + BLOCK * len(chunks), BLOCK))
    recorded = np.concatenate([chunk.samples for chunk in chunks], axis=1)
    assert np.array_equal(recorded, audio_samples(first, recorded.shape[1]))
    return first, first + recorded.shape[1]


def test_a_drive_is_recorded_completely_and_reported(
    start_car: Callable[..., CarPublisher], record: Callable[..., NodeProcess], tmp_path: Path
) -> None:
    start_car()
    recorder = record(
        duration_s=4.0, split_s=1.5, preflight__required="['audio', 'nobody/there']", preflight__timeout_s=6.0
    )
    assert recorder.process.wait(100) == 0, recorder.output
    folder = tmp_path / 'drive'
    with BagReader(folder) as bag:
        first, end = assert_exact(messages_of(bag, '/audio'))
        assert end - first >= RATE_HZ
        pictures = [message.data for message in messages_of(bag, '/camera/image/compressed')]
        number = next(n for n in range(1000) if np.array_equal(pictures[0], image_payload(n, 20_000)))
        assert all(np.array_equal(data, image_payload(number + n, 20_000)) for n, data in enumerate(pictures))
        assert [message.data for message in messages_of(bag, '/note')] == ['parked'], 'published before the start'
        (metadata_message,) = messages_of(bag, '/run_metadata')
        metadata = RunMetadata.from_json(bag.custom[CUSTOM_KEY])
        assert metadata == RunMetadata.from_json(metadata_message.data)
        assert metadata.rig == RigFiles.from_folder(resource_path(RIG))
        assert min(message.time_ns for message in bag.messages()) >= metadata.start_ns
    assert len(list(folder.glob('*.mcap'))) >= 3
    with Reader(folder) as reader:
        offered = {connection.topic: connection.ext for connection in reader.connections}
        assert set(offered) == {'/audio', '/camera/image/compressed', '/note', '/run_metadata'}
    information = yaml.safe_load((folder / 'metadata.yaml').read_text())['rosbag2_bagfile_information']
    profiles = {
        entry['topic_metadata']['name']: yaml.safe_load(entry['topic_metadata']['offered_qos_profiles'])[0]
        for entry in information['topics_with_message_count']
    }
    assert profiles['/audio']['reliability'] == 1
    assert profiles['/camera/image/compressed']['reliability'] == 2
    assert profiles['/note']['durability'] == 1

    report = json.loads((folder / 'report.json').read_text())
    topics = {topic['topic']: topic for topic in report['topics']}
    assert report['ended'] == 'The duration of 4 s is over.'
    assert '/nobody/there: no publisher was found.' in report['problems']
    assert topics['/audio']['audio']['samples'] == end - first
    assert topics['/audio']['audio']['samples_lost'] == 0
    assert len(topics['/audio']['audio']['microphones']) == 8
    assert topics['/camera/image/compressed']['count'] == len(pictures)
    assert all(topic['lost'] == topic['dropped'] == 0 for topic in topics.values())
    assert (folder / 'report.txt').read_text() in recorder.output


def test_a_killed_recorder_loses_less_than_a_second(
    peer: Peer, start_car: Callable[..., CarPublisher], record: Callable[..., NodeProcess], tmp_path: Path
) -> None:
    car = start_car()
    recorder = record()
    wait_for_start(recorder)
    file = tmp_path / 'drive' / 'drive_0.mcap'
    peer.wait(lambda: file.stat().st_size > 1_000_000, 60, 'two seconds of data on the disk')
    time.sleep(1.0)
    published, killed_ns = car.samples, time.time_ns()
    recorder.process.send_signal(signal.SIGKILL)
    recorder.process.wait()
    folder = tmp_path / 'drive'
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert 'metadata.yaml' not in before
    recovery = recover_bag(folder, tmp_path / 'recovered')
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before, 'the original is unchanged'
    with BagReader(tmp_path / 'recovered') as bag:
        first, end = assert_exact(messages_of(bag, '/audio'))
        lost_s = (published - end) / RATE_HZ
        assert lost_s <= 1.0 + car.max_stall_s, recovery
        newest_ns = max(message.time_ns for message in bag.messages())
        assert (killed_ns - newest_ns) / NS_PER_S <= 1.0 + car.max_stall_s
        assert end - first > RATE_HZ
        assert [message.data for message in messages_of(bag, '/note')] == ['parked']
        assert RunMetadata.from_json(bag.custom[CUSTOM_KEY]).rig == RigFiles.from_folder(resource_path(RIG))


def test_an_interrupted_recorder_closes_its_bag(
    start_car: Callable[..., CarPublisher], record: Callable[..., NodeProcess], tmp_path: Path
) -> None:
    start_car()
    recorder = record(preflight__mode='skip')
    wait_for_start(recorder)
    time.sleep(3.0)
    assert recorder.end() == 0, recorder.output
    with BagReader(tmp_path / 'drive') as bag:
        assert_exact(messages_of(bag, '/audio'))
        assert {topic.name for topic in bag.topics} >= {'/audio', '/note', '/run_metadata'}
    assert json.loads((tmp_path / 'drive' / 'report.json').read_text())['ended'] == 'Interrupted by the user.'


def test_the_strict_preflight_refuses_and_names_every_error(
    start_car: Callable[..., CarPublisher], record: Callable[..., NodeProcess], tmp_path: Path
) -> None:
    start_car(dead_channel=3, stamp_offset_ns=60 * NS_PER_S)
    recorder = record(
        rig="''",
        preflight__mode='strict',
        preflight__required="['audio', 'camera/image/compressed@25', 'nobody/there']",
        preflight__timeout_s=8.0,
        preflight__minutes=10_000.0,
        reserve_mb=10**6,
    )
    assert recorder.process.wait(100) == 1, recorder.output
    for sentence in (
        'rig: the parameter rig is empty',
        'preflight: /nobody/there: no node publishes it: start its driver',
        'at least 25 Hz are required: check its driver.',
        '/audio: is silent on channel 3: check capsules and cables.',
        'ms in the future: synchronise the clocks',
        'of 10000 minutes. Free disk space, or require fewer minutes.',
        'Nothing is recorded: fix the errors of the preflight',
    ):
        assert sentence in recorder.output, recorder.output
    assert not (tmp_path / 'drive').exists()
    assert 'Traceback' not in recorder.output


def test_a_disk_that_is_nearly_full_ends_the_recording(
    start_car: Callable[..., CarPublisher], record: Callable[..., NodeProcess], tmp_path: Path
) -> None:
    start_car()
    recorder = record(preflight__mode='skip', reserve_mb=10**7)
    assert recorder.process.wait(60) == 1, recorder.output
    assert 'Less than 10000000 MB are free' in recorder.output
    with BagReader(tmp_path / 'drive') as bag:
        assert {topic.name for topic in bag.topics} >= {'/run_metadata'}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / 'disk'
    folder.mkdir()
    mounted = subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=48m', 'tmpfs', folder], check=False).returncode == 0
    if not mounted:
        pytest.skip('mounting a small disk needs root')
    yield folder
    subprocess.run(['umount', '--lazy', folder], check=False)


def test_a_full_disk_leaves_a_readable_bag(
    start_car: Callable[..., CarPublisher], record: Callable[..., NodeProcess], small_disk: Path
) -> None:
    start_car(image_bytes=2_000_000)
    recorder = record(folder=small_disk, preflight__mode='skip', reserve_mb=0)
    assert recorder.process.wait(100) == 1, recorder.output
    assert 'No space left on device' in recorder.output
    with BagReader(small_disk / 'drive') as bag:
        assert_exact(messages_of(bag, '/audio'))
        assert sum(topic.count for topic in bag.topics) > 20
    assert 'Traceback' not in recorder.output


def test_the_audio_of_a_perception_node_is_recorded(
    peer: Peer, start_node: Callable[..., NodeProcess], small_bundle: Path, wav: Path, tmp_path: Path
) -> None:
    node = start_node(bundle=small_bundle, source__kind='file', source__file=wav, source__loop=True)
    assert peer.change(CONFIGURE, ACTIVATE), node.output
    assert peer.set('publish.audio', True) == (True, '')
    recorder = start_node(
        'recorder',
        'audio:=/perception/audio',
        folder=tmp_path,
        name='drive',
        rig=RIG,
        duration_s=2.0,
        preflight__timeout_s=60.0,
        reserve_mb=1,
    )
    assert recorder.process.wait(100) == 0, recorder.output
    with BagReader(tmp_path / 'drive') as bag:
        assert find_topics('drive', bag.topics).audio == '/perception/audio'
        chunks = [
            ADAPTERS[AUDIO_BLOCK_TYPE].read_chunk(message, 0) for message in messages_of(bag, '/perception/audio')
        ]
    assert sum(chunk.samples.shape[1] for chunk in chunks) > 22_500
    assert node.end() == 0, node.output


def test_wrong_parameters_are_refused_by_name(start_node: Callable[..., NodeProcess], tmp_path: Path) -> None:
    for parameters, named in (
        ({'preflight__required': "['audio@fast']"}, "Required topic 'audio@fast'"),
        ({'rig': tmp_path / 'nowhere'}, 'give a folder that exists'),
        ({'topics': "['mic-array/audio']"}, "topics is 'mic-array/audio'"),
        ({'preflight__required': "['mic-array/audio']"}, "preflight.required is 'mic-array/audio'"),
        ({'split_s': -1.0}, 'split_s is -1.0'),
    ):
        recorder = start_node('recorder', **parameters)
        assert recorder.process.wait(60) != 0
        assert named in recorder.output
        assert 'Traceback' not in recorder.output


def test_lost_messages_are_counted_by_sequence_number() -> None:
    topic = RecordedTopic('/audio', AUDIO_BLOCK_TYPE, '', latched=False)
    assert [topic.lost_before(number) for number in (5, 6, 9, 10, 1, 2)] == [0, 0, 2, 0, 0, 0]
    topic.publishers = 2
    assert [topic.lost_before(number) for number in (7, 90, 8)] == [0, 0, 0]
    topic.publishers = 1
    assert [topic.lost_before(number) for number in (NO_SEQUENCE_NUMBER, 5, NO_SEQUENCE_NUMBER, 9)] == [0, 0, 0, 0]
    assert (
        topic.stamp_ns(b'\x00\x01\x00\x00' + (3).to_bytes(4, 'little') + (7).to_bytes(4, 'little')) == 3 * NS_PER_S + 7
    )
    assert topic.stamp_ns(b'\x00\x00\x00\x00' + (3).to_bytes(4, 'big') + (7).to_bytes(4, 'big')) == 3 * NS_PER_S + 7
    assert topic.stamp_ns(b'\x00\x01\x00\x00') is None


def delete_folder(folder: Path) -> None:
    shutil.rmtree(folder)


def delete_file(folder: Path) -> None:
    (folder / 'drive_0.mcap').unlink()


def replace_file(folder: Path) -> None:
    (folder / 'other').write_bytes(b'other')
    (folder / 'other').rename(folder / 'drive_0.mcap')


def truncate_file(folder: Path) -> None:
    os.truncate(folder / 'drive_0.mcap', 100)


@pytest.mark.parametrize(
    ('damage', 'reason'),
    [
        (delete_folder, 'was deleted by another program'),
        (delete_file, 'was deleted by another program'),
        (replace_file, 'was deleted by another program'),
        (truncate_file, 'was truncated to 100 of'),
    ],
)
def test_a_bag_that_another_program_removes_ends_the_recording(
    start_car: Callable[..., CarPublisher],
    record: Callable[..., NodeProcess],
    tmp_path: Path,
    damage: Callable[[Path], None],
    reason: str,
) -> None:
    start_car()
    recorder = record(preflight__mode='skip')
    wait_for_start(recorder)
    folder = tmp_path / 'drive'
    deadline_s = time.monotonic() + 60
    while not (folder / 'drive_0.mcap').exists() or (folder / 'drive_0.mcap').stat().st_size < 100_000:
        assert time.monotonic() < deadline_s, recorder.output
        time.sleep(0.02)
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    assert folder.stat().st_mode & 0o777 == 0o700
    damage(folder)
    assert recorder.process.wait(60) == 1, recorder.output
    assert reason in recorder.output, recorder.output
    assert 'Traceback' not in recorder.output
