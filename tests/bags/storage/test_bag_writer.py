# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The writer makes standard rosbag2 bags that survive a crash and a full disk."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import yaml
from mcap.reader import make_reader
from mcap.stream_reader import StreamReader
from rosbags.highlevel import AnyReader

from audio_manifold_ros.bags.recovery.recover import recover_bag
from audio_manifold_ros.bags.storage.bag_reader import BagReader
from audio_manifold_ros.bags.storage.bag_writer import BagWriter
from audio_manifold_ros.bags.storage.disk_space import RESERVE_FILE as RESERVE_NAME
from audio_manifold_ros.common.errors import BagError
from tests.bags.bag_examples import (
    AUDIO,
    CUSTOM,
    QOS,
    START_NS,
    STEP_NS,
    STRING,
    audio_message,
    make_messages,
    read,
    text_message,
    write_bag,
)

ROOT = Path(__file__).parents[3]
HERE = Path(__file__).parent


def test_a_bag_of_several_files_is_read_back(tmp_path: Path) -> None:
    sent = make_messages(95)
    bag = write_bag(tmp_path / 'bag', sent, split_s=0.2)
    assert sorted(path.name for path in bag.iterdir()) == [*(f'bag_{n}.mcap' for n in range(5)), 'metadata.yaml']
    with BagReader(bag) as reader:
        assert read(reader.messages()) == sent
        assert (reader.custom, reader.problems) == (CUSTOM, ())
        assert reader.topics[0].qos_profiles == yaml.safe_dump(yaml.safe_load(QOS), sort_keys=False)


def test_other_readers_read_it(tmp_path: Path) -> None:
    sent = [('/audio', START_NS + n, audio_message(n)) for n in range(9)]
    sent += [('/words', START_NS + 20, text_message('hej'))]
    bag = write_bag(tmp_path / 'bag', sent, split_bytes=900)
    with AnyReader([bag]) as reader:
        messages = [(item, data, reader.deserialize(data, item.msgtype)) for item, _, data in reader.messages()]
    assert [data for _, data, _ in messages] == [data for _, _, data in sent]
    assert [message.first_sample for item, _, message in messages if item.topic == '/audio'] == list(range(9))
    read_by_mcap = 0
    for file in bag.glob('*.mcap'):
        with file.open('rb') as stream:
            read_by_mcap += sum(1 for _ in make_reader(stream, validate_crcs=True).iter_messages())
        with file.open('rb') as stream:
            assert len(list(StreamReader(stream, validate_crcs=True).records)) > 5
    assert read_by_mcap == len(sent)


def test_metadata_match_the_version_of_humble(tmp_path: Path) -> None:
    bag = write_bag(tmp_path / 'bag', make_messages(10))
    information = yaml.safe_load((bag / 'metadata.yaml').read_text())['rosbag2_bagfile_information']
    assert (information['version'], information['storage_identifier']) == (8, 'mcap')
    topic = information['topics_with_message_count'][0]['topic_metadata']
    assert isinstance(topic['offered_qos_profiles'], str)
    assert topic['type_description_hash'].startswith('RIHS01_')
    assert information['starting_time'] == {'nanoseconds_since_epoch': START_NS}
    assert information['duration'] == {'nanoseconds': 9 * STEP_NS}
    assert information['custom_data'] == CUSTOM


def test_names_of_qos_policies_are_converted_to_numbers(tmp_path: Path) -> None:
    names = QOS.replace('history: 1', 'history: keep_last').replace('durability: 1', 'durability: transient_local')
    with BagWriter(tmp_path / 'bag') as writer:
        writer.add_topic('/audio', AUDIO, names)
    with BagReader(tmp_path / 'bag') as reader:
        profile = yaml.safe_load(reader.topics[0].qos_profiles)[0]
    assert (profile['history'], profile['durability']) == (1, 1)


def test_a_topic_may_be_added_late_and_have_an_unknown_type(tmp_path: Path) -> None:
    with BagWriter(tmp_path / 'bag', split_s=0.01) as writer:
        writer.add_topic('/a', STRING)
        for n in range(3):
            writer.write('/a', text_message(str(n)), START_NS + n * STEP_NS)
        writer.add_topic('/b', 'nobody_msgs/msg/Nothing')
        writer.write('/b', b'\0\1\0\0', START_NS + 3 * STEP_NS)
        writer.add_topic('/c', 'nobody_msgs/msg/Told', definition='string data')
        writer.write('/c', text_message('told'), START_NS + 4 * STEP_NS)
    with BagReader(tmp_path / 'bag') as reader:
        *_, unknown, told = reader.messages()
        assert reader.decode(told).data == 'told'
        with pytest.raises(BagError, match='unknown type'):
            reader.decode(unknown)
        assert reader.problems == ()


def test_pending_messages_reach_the_disk_without_further_writes(tmp_path: Path) -> None:
    writer = BagWriter(tmp_path / 'bag', flush_s=0.05)
    writer.add_topic('/words', STRING)
    writer.write('/words', text_message('alone'), START_NS)
    limit = time.monotonic() + 10
    while b'alone' not in (tmp_path / 'bag/bag_0.mcap').read_bytes():
        assert time.monotonic() < limit
        time.sleep(0.02)
    writer.close()


def test_threads_may_write_concurrently(tmp_path: Path) -> None:
    with BagWriter(tmp_path / 'bag', split_bytes=20_000, flush_s=0.01) as writer:
        for name in 'abcd':
            writer.add_topic(f'/{name}', STRING)

        def write(name: str) -> None:
            for n in range(200):
                writer.write(f'/{name}', text_message(f'{name}{n}'), START_NS + n)

        threads = [threading.Thread(target=write, args=(name,)) for name in 'abcd']
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    with BagReader(tmp_path / 'bag') as reader:
        assert [topic.count for topic in reader.topics] == [200] * 4
        assert len(read(reader.messages())) == 800


def test_an_exception_in_the_block_still_closes_the_bag(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match='mine'), BagWriter(tmp_path / 'bag') as writer:  # noqa: PT012
        writer.add_topic('/words', STRING)
        writer.write('/words', text_message('kept'), START_NS)
        msg = 'mine'
        raise ValueError(msg)
    with BagReader(tmp_path / 'bag') as reader:
        assert len(list(reader.messages())) == 1


def test_invalid_arguments_are_refused(tmp_path: Path) -> None:
    (tmp_path / 'full').mkdir()
    (tmp_path / 'full/file').touch()
    with pytest.raises(BagError, match='is not empty'):
        BagWriter(tmp_path / 'full')
    with pytest.raises(BagError, match='split_s=0'):
        BagWriter(tmp_path / 'bag', split_s=0)
    with pytest.raises(BagError, match='number'):
        BagWriter(tmp_path / 'bag', {'number': 5})  # type: ignore[dict-item]
    with BagWriter(tmp_path / 'bag') as writer:
        writer.add_topic('/a', STRING)
        with pytest.raises(BagError, match='exists already'):
            writer.add_topic('/a', STRING)
        with pytest.raises(BagError, match='QoS profiles'):
            writer.add_topic('/b', STRING, '- history: 1')
        with pytest.raises(BagError, match=r"'/b' at 1 ns"):
            writer.write('/b', b'', 1)
        with pytest.raises(BagError, match='at -1 ns'):
            writer.write('/a', b'', -1)
    with pytest.raises(BagError, match='is closed'):
        writer.write('/a', b'', 1)
    writer.close()


def test_a_killed_process_loses_less_than_a_second(tmp_path: Path) -> None:
    bag = tmp_path / 'bag'
    environment = {**os.environ, 'PYTHONPATH': str(ROOT)}
    command = [sys.executable, str(HERE / 'writing_process.py'), str(bag)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line)
            if int(line.split()[1]) - int(lines[0].split()[1]) > 2.3e9:
                break
        process.send_signal(signal.SIGKILL)
        lines += process.stdout.read().splitlines()
    handed = [tuple(map(int, line.split())) for line in lines if len(line.split()) == 2]
    with pytest.raises(BagError, match='recover_bag'):
        BagReader(bag)
    before = {path.name: path.read_bytes() for path in bag.iterdir()}
    recovery = recover_bag(bag, tmp_path / 'recovered')
    assert {path.name: path.read_bytes() for path in bag.iterdir()} == before
    with BagReader(tmp_path / 'recovered') as reader:
        messages = list(reader.messages())
        assert (reader.custom, reader.problems) == (CUSTOM, ())
    assert [int(message.data[4:12]) for message in messages] == list(range(recovery.kept))
    last_handed_ns, last_kept_ns = handed[-1][1], messages[-1].time_ns
    assert last_handed_ns - last_kept_ns < 1e9
    assert [message.time_ns for message in messages] == [time_ns for _, time_ns in handed[: len(messages)]]


def test_a_full_disk_closes_the_bag_completely(tmp_path: Path) -> None:
    """Uses a real file system of 24 MiB in a mount namespace of its own."""
    disk = tmp_path / 'disk'
    disk.mkdir()
    mount = f'mount -t tmpfs -o size=24m none {disk}'
    if subprocess.run(['unshare', '-rm', 'sh', '-c', mount], check=False, capture_output=True).returncode:
        pytest.skip('cannot mount a small disk in a namespace on this machine')
    script = f'{mount} && exec {sys.executable} {HERE / "filling_process.py"} {disk / "bag"}'
    environment = {**os.environ, 'PYTHONPATH': str(ROOT)}
    done = subprocess.run(
        ['unshare', '-rm', 'sh', '-c', script], check=True, capture_output=True, text=True, env=environment
    )
    result = json.loads(done.stdout)
    assert result['numbers'] == list(range(len(result['numbers'])))
    assert len(result['numbers']) >= result['handed'] > 60
    assert result['problems'] == []
    assert result['left'] == ['metadata.yaml']
    assert len(result['errors']) == 2
    assert 'No space left on device; the bag is closed and complete' in result['errors'][0]


def test_a_full_disk_is_refused_at_the_start(tmp_path: Path) -> None:
    disk = tmp_path / 'disk'
    disk.mkdir()
    mount = f'mount -t tmpfs -o size=8m none {disk}'
    script = f'{mount} && exec {sys.executable} {HERE / "filling_process.py"} {disk / "bag"}'
    if subprocess.run(['unshare', '-rm', 'sh', '-c', mount], check=False, capture_output=True).returncode:
        pytest.skip('cannot mount a small disk in a namespace on this machine')
    environment = {**os.environ, 'PYTHONPATH': str(ROOT)}
    done = subprocess.run(
        ['unshare', '-rm', 'sh', '-c', script], check=False, capture_output=True, text=True, env=environment
    )
    assert 'free 16 MiB of disk' in done.stderr


def test_the_reserve_is_deleted_with_the_writer(tmp_path: Path) -> None:
    with BagWriter(tmp_path / 'bag'):
        assert (tmp_path / 'bag' / RESERVE_NAME).stat().st_size == 16 * 2**20
    assert not (tmp_path / 'bag' / RESERVE_NAME).exists()


@pytest.mark.parametrize('umask', [0o000, 0o022, 0o277])
def test_only_the_user_can_read_a_bag(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        write_bag(tmp_path / 'private', make_messages(95), split_s=0.2)
        os.umask(0o002)
        write_bag(tmp_path / 'shared', make_messages(95), split_s=0.2, shared=True)
    finally:
        os.umask(before)
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / 'private').iterdir()} == {0o600}
    assert (tmp_path / 'private').stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / 'shared').iterdir()} == {0o664}
    assert (tmp_path / 'shared').stat().st_mode & 0o777 == 0o775


def test_a_finished_file_that_is_deleted_is_noticed(tmp_path: Path) -> None:
    with BagWriter(tmp_path / 'bag', split_s=0.2) as writer:
        writer.add_topic('/words', STRING)
        for number in range(50):
            writer.write('/words', text_message('hej'), START_NS + number * STEP_NS)
        assert writer.loss_reason() == ''
        (tmp_path / 'bag' / 'bag_0.mcap').unlink()
        assert 'bag_0.mcap: was deleted or truncated' in writer.loss_reason()
