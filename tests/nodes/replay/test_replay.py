# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Replay node: messages as recorded, playback rate, /clock, and control by services."""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from audio_manifold_msgs.msg import AudioBlock as AudioBlockMessage
from rclpy.serialization import deserialize_message, serialize_message
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import Image
from std_msgs.msg import String
from std_srvs.srv import Trigger

from audio_manifold_ros.bags.storage.bag_reader import BagReader
from audio_manifold_ros.bags.storage.bag_writer import BagWriter
from audio_manifold_ros.common.errors import NodeError
from audio_manifold_ros.common.units import NS_PER_S
from audio_manifold_ros.nodes.common.messages import to_ns
from audio_manifold_ros.nodes.common.qos import AUDIO_QOS, LATCHED_QOS
from audio_manifold_ros.nodes.recorder.qos_matching import bag_qos
from audio_manifold_ros.nodes.replay.replay_parameters import to_ros_arguments
from tests.bags.sound_bag import START_NS, SoundBag
from tests.nodes.peer import START_TIMEOUT_S, NodeProcess, Peer

pytestmark = pytest.mark.ros
DEPTH = 1000


@pytest.fixture(scope='module')
def bag(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return SoundBag(seconds=2.0, lost=frozenset({60})).write(tmp_path_factory.mktemp('replay') / 'drive')


@pytest.fixture
def player_peer() -> Any:
    peer = Peer('replay')
    yield peer
    peer.close()


def call(peer: Peer, name: str) -> str:
    client = peer.node.create_client(Trigger, f'/replay/{name}')
    response = peer.node._call(client, Trigger.Request(), START_TIMEOUT_S)
    assert response.success
    peer.node.destroy_client(client)
    return str(response.message)


def recorded(bag: Path, topic: str, kind: type) -> list[Any]:
    with BagReader(bag) as reader:
        return [deserialize_message(bytes(message.data), kind) for message in reader.messages((topic,))]


def has_decreased(values: list[int]) -> bool:
    return any(after < before for before, after in itertools.pairwise(values))


def drain(peer: Peer, audio: list[Any], clock: list[Any]) -> None:
    """Receive the messages that are still queued on a busy machine."""
    before = (-1, -1)
    while before != (now := (len(audio), to_ns(clock[-1].clock))):
        before = now
        peer.spin(1.0)


def same(images: list[Image], others: list[Image]) -> bool:
    """Return True if the images are equal byte by byte, including NaN."""
    fields = [[(image.header, image.encoding, bytes(image.data)) for image in side] for side in (images, others)]
    return fields[0] == fields[1]


def test_all_messages_are_published_as_recorded(
    player_peer: Peer, start_node: Callable[..., NodeProcess], bag: Path
) -> None:
    audio = player_peer.subscribe(AudioBlockMessage, '/audio', DEPTH)
    depths = player_peer.subscribe(Image, '/truth/depth/image', DEPTH)
    chat = player_peer.subscribe(String, '/chat', DEPTH)
    clock = player_peer.subscribe(Clock, '/clock', DEPTH)
    node = start_node('replay', bag=bag, delay_s=4.0, rate=0.7)
    player_peer.wait(lambda: node.process.poll() is not None, 90, 'end of the bag')
    player_peer.spin(0.5)
    assert node.process.returncode == 0, node.output
    assert audio == recorded(bag, '/audio', AudioBlockMessage)
    assert same(depths, recorded(bag, '/truth/depth/image', Image))
    assert [message.data for message in chat] == ['one second']
    if find_spec('tf2_msgs') is None:
        assert "/tf is not played: 'tf2_msgs/msg/TFMessage' is not installed" in node.output
    times_ns = [to_ns(message.clock) for message in clock]
    assert times_ns == sorted(times_ns)
    assert times_ns[0] >= START_NS
    assert times_ns[-1] - START_NS <= 2_200_000_000


def test_pause_step_rate_and_loop(player_peer: Peer, start_node: Callable[..., NodeProcess], bag: Path) -> None:
    audio = player_peer.subscribe(AudioBlockMessage, '/audio', DEPTH)
    clock = player_peer.subscribe(Clock, '/clock', DEPTH)
    node = start_node('replay', bag=bag, topics='audio', paused=True, delay_s=0.5, start_offset_s=0.3)
    player_peer.wait(lambda: len(clock) > 30, START_TIMEOUT_S, 'clock')
    assert {to_ns(message.clock) for message in clock} == {START_NS + 300_000_000}, 'the clock is paused'
    assert audio == []

    player_peer.spin(2.0)
    for count in (1, 2, 3):
        call(player_peer, 'play_next')
        player_peer.wait(lambda count=count: len(audio) >= count, 20, 'next message')
    player_peer.spin(0.5)
    firsts = [message.first_sample for message in audio]
    assert firsts[0] == pytest.approx(0.3 * 22_500, abs=600)
    assert [b - a for a, b in itertools.pairwise(firsts)] == [256, 256]

    assert player_peer.set('loop', True)[0]
    assert player_peer.set('rate', 1000.0)[0] is False
    assert player_peer.set('rate', 4.0)[0]
    call(player_peer, 'resume')
    player_peer.wait(
        lambda: has_decreased([to_ns(message.clock) for message in clock]), 60, 'second round of the clock'
    )
    player_peer.wait(
        lambda: has_decreased([message.first_sample for message in audio]), 60, 'second round of the audio'
    )
    assert firsts[0] in [message.first_sample for message in audio[3:]]

    call(player_peer, 'toggle_paused')
    drain(player_peer, audio, clock)
    stopped, shown_ns = len(audio), to_ns(clock[-1].clock)
    player_peer.spin(1.5)
    assert len(audio) == stopped
    assert to_ns(clock[-1].clock) == shown_ns
    assert 'play' in call(player_peer, 'play_next')

    assert player_peer.set('loop', False)[0]
    assert player_peer.set('paused', False)[0]
    player_peer.wait(lambda: node.process.poll() is not None, 60, 'end of the bag')
    assert node.process.returncode == 0, node.output
    assert 'pause it first' not in node.output


def test_latched_messages_before_the_start_offset_are_published(
    player_peer: Peer, start_node: Callable[..., NodeProcess], tmp_path: Path
) -> None:
    string = 'std_msgs/msg/String'
    with BagWriter(tmp_path / 'bag') as writer:
        for name, qos in (('/note', LATCHED_QOS), ('/chat', AUDIO_QOS)):
            writer.add_topic(name, string, bag_qos([qos]))
        writer.add_topic('/run_metadata', string)
        for second in range(4):
            for name in ('/note', '/chat', '/run_metadata')[: 3 if second == 0 else 2]:
                writer.write(name, serialize_message(String(data=f'{second}')), START_NS + second * NS_PER_S)
    latched = {name: player_peer.subscribe(String, name, LATCHED_QOS) for name in ('/note', '/run_metadata')}
    chat = player_peer.subscribe(String, '/chat', DEPTH)
    node = start_node('replay', bag=tmp_path / 'bag', delay_s=3.0, start_offset_s=2.5, rate=0.5)
    player_peer.wait(lambda: node.process.poll() is not None, 60, 'end of the bag')
    player_peer.spin(0.5)
    assert node.process.returncode == 0, node.output
    # A subscription with depth 1 may keep only the newest of several queued messages.
    assert [message.data for message in latched['/note']][-2:] == ['2', '3']
    assert [message.data for message in latched['/run_metadata']] == ['0']
    assert [message.data for message in chat] == ['3']


def test_a_damaged_bag_ends_with_exit_status_1(
    player_peer: Peer, start_node: Callable[..., NodeProcess], bag: Path, tmp_path: Path
) -> None:
    damaged = tmp_path / 'damaged'
    damaged.mkdir()
    (damaged / 'metadata.yaml').write_bytes((bag / 'metadata.yaml').read_bytes())
    (file,) = bag.glob('*.mcap')
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    (damaged / file.name).write_bytes(content)
    node = start_node('replay', bag=damaged, rate=10.0)
    player_peer.wait(lambda: node.process.poll() is not None, 60, 'end of the replay')
    assert node.process.returncode == 1, node.output
    assert 'The replay failed: ' in node.output
    assert file.name in node.output


def test_a_missing_bag_is_refused_without_a_traceback(tmp_path: Path) -> None:
    module = ['-m', 'audio_manifold_ros', 'bag', 'replay']
    done = subprocess.run(
        [sys.executable, *module, str(tmp_path / 'nothing')], check=False, capture_output=True, text=True, timeout=100
    )
    assert done.returncode == 1
    assert 'nothing' in done.stderr
    assert 'Traceback' not in done.stderr


def test_the_command_line_sets_the_parameters() -> None:
    ros_arguments = to_ros_arguments(
        ['my bag', '-r', '2', '-l', '--topics', '/audio', 'chat', '--clock', '40', '--ros-args', '-r', 'audio:=mics']
    )
    assert ros_arguments[0] == ros_arguments[-3] == '--ros-args'
    settings = dict(part.split(':=') for part in ros_arguments[1 : ros_arguments.index('--')] if part != '-p')
    assert settings == {'bag': "'my bag'", 'rate': '2.0', 'loop': 'true', 'topics': "'/audio chat'", 'clock_hz': '40.0'}
    assert ros_arguments[-2:] == ['-r', 'audio:=mics']
    assert to_ros_arguments([])[:1] == ['--ros-args']


def test_an_unknown_topic_is_refused(bag: Path) -> None:
    import rclpy

    from audio_manifold_ros.nodes.replay.replay import Replay

    rclpy.init(args=['test', *to_ros_arguments([str(bag), '--topics', 'nowhere'])])
    try:
        with pytest.raises(NodeError, match="'nowhere'"):
            Replay()
    finally:
        rclpy.shutdown()


def test_a_pause_of_years_is_skipped(start_node: Callable[..., NodeProcess], bag: Path, tmp_path: Path) -> None:
    with BagReader(bag) as reader, BagWriter(tmp_path / 'bag') as writer:
        for topic in reader.topics:
            writer.add_topic(topic.name, topic.type)
        for number, message in enumerate(reader.messages()):
            writer.write(message.topic, message.data, 0 if number < 2 else message.time_ns)
    node = start_node('replay', bag=tmp_path / 'bag', rate=2.0)
    assert node.process.wait(START_TIMEOUT_S) == 0, node.output
    assert 'The next message is 53.9 years later: this time is skipped.' in node.output
