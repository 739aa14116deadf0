# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Audio from a topic: losses, restarts, invalid messages, clock jumps, and parameter changes."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from audio_manifold_msgs.msg import AudioBlock as AudioBlockMessage
from diagnostic_msgs.msg import DiagnosticArray
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import Image

from audio_manifold_ros.audio.block import AudioBlock
from audio_manifold_ros.common.resource_paths import resource_path
from audio_manifold_ros.common.units import NS_PER_S
from audio_manifold_ros.nodes.common.audio_messages import to_audio_message
from audio_manifold_ros.nodes.common.messages import from_image, to_ns, to_time
from tests.nodes.peer import ACTIVATE, CONFIGURE, NodeProcess, Peer

pytestmark = pytest.mark.ros
RATE_HZ = 22_500
BLOCK = 1125  # 50 ms
EPOCH_NS = 1_000 * NS_PER_S


class MicrophonePublisher:
    """Publisher of audio with its own clock, faster than real time."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self._publisher = peer.node.create_publisher(AudioBlockMessage, 'audio', 200)
        self._rng = np.random.default_rng(2)
        self.next_sample = 0
        self.epoch_ns = EPOCH_NS

    def wait_for_node(self) -> None:
        self._peer.wait(lambda: self._publisher.get_subscription_count() > 0, 20, 'subscription')

    def message(self) -> AudioBlockMessage:
        samples = self._rng.standard_normal((8, BLOCK)).astype(np.float32) * 0.05
        stamp_ns = self.epoch_ns + self.next_sample * NS_PER_S // RATE_HZ
        block = AudioBlock(samples, self.next_sample, RATE_HZ, stamp_ns)
        self.next_sample = block.end_sample
        return to_audio_message(block, 'mic_array_link')

    def send(self, seconds: float) -> None:
        for _ in range(round(seconds * RATE_HZ / BLOCK)):
            self._publisher.publish(self.message())
            self._peer.spin(0.02)

    def send_message(self, message: AudioBlockMessage) -> None:
        self._publisher.publish(message)
        self._peer.spin(0.05)


@pytest.fixture
def microphones(peer: Peer) -> MicrophonePublisher:
    return MicrophonePublisher(peer)


@pytest.fixture
def node(
    peer: Peer, start_node: Callable[..., NodeProcess], small_bundle: Path, microphones: MicrophonePublisher
) -> Iterator[NodeProcess]:
    process = start_node(bundle=small_bundle, source__topic='/audio')
    assert peer.change(CONFIGURE, ACTIVATE), process.output
    microphones.wait_for_node()
    yield process
    assert process.end() == 0, process.output


def test_images_have_the_cameras_time_and_audio_its_own(
    peer: Peer,
    start_node: Callable[..., NodeProcess],
    small_bundle: Path,
    microphones: MicrophonePublisher,
    tmp_path: Path,
) -> None:
    rig = shutil.copytree(resource_path('calibration/roof_octagon'), tmp_path / 'rig')
    extrinsics = (rig / 'extrinsics.yaml').read_text(encoding='utf-8')
    assert 'audio_time_offset_s: 0.0' in extrinsics
    (rig / 'extrinsics.yaml').write_text(
        extrinsics.replace('audio_time_offset_s: 0.0', 'audio_time_offset_s: 5.0'), encoding='utf-8'
    )
    process = start_node(bundle=small_bundle, rig=rig, source__topic='/audio', publish__audio=True)
    images = {topic: peer.subscribe(Image, f'/perception/{topic}/image') for topic in ('depth', 'confidence')}
    reports = peer.subscribe(DiagnosticArray, '/perception/microphones')
    sound = peer.subscribe(AudioBlockMessage, '/perception/audio', 200)
    assert peer.change(CONFIGURE, ACTIVATE), process.output
    microphones.wait_for_node()
    microphones.send(1.5)
    peer.wait(lambda: bool(images['depth'] and images['confidence'] and reports), 20, 'images')
    stamps_ns = [to_ns(message.header.stamp) for each in (*images.values(), reports) for message in each]
    # The stamp of an image is the centre of its window of one second.
    assert all(EPOCH_NS + 5_450_000_000 <= stamp_ns <= EPOCH_NS + 6_050_000_000 for stamp_ns in stamps_ns), stamps_ns
    assert to_ns(sound[0].header.stamp) == EPOCH_NS
    assert process.end() == 0, process.output


def test_no_image_is_predicted_across_a_gap(peer: Peer, node: NodeProcess, microphones: MicrophonePublisher) -> None:
    images = peer.subscribe(Image, '/perception/depth/image')
    microphones.send(1.5)
    peer.wait(lambda: bool(images), 20, 'image')
    peer.spin(0.5)
    before = len(images)
    microphones.next_sample += 4500
    gap_ns = microphones.epoch_ns + microphones.next_sample * NS_PER_S // RATE_HZ
    microphones.send(0.8)
    peer.spin(0.5)
    assert len(images) == before, 'an image from less than one second of audio after a gap'
    microphones.send(0.8)
    peer.wait(lambda: len(images) > before, 20, 'image after the gap')
    # The first window starts after the gap, so its centre is half a second later.
    assert to_ns(images[before].header.stamp) >= gap_ns + 500_000_000
    peer.wait(lambda: peer.status('audio source')[1].get('samples_lost') == '4500', 5, 'the loss in the diagnostics')
    assert peer.status('predictions')[1]['gaps'] == '1'


def test_a_restarted_stream_is_followed(peer: Peer, node: NodeProcess, microphones: MicrophonePublisher) -> None:
    images = peer.subscribe(Image, '/perception/depth/image')
    microphones.send(1.5)
    peer.wait(lambda: bool(images), 20, 'image')
    microphones.next_sample, microphones.epoch_ns = 0, EPOCH_NS + 3_600 * NS_PER_S
    microphones.send(1.5)
    later = EPOCH_NS + 3_600 * NS_PER_S
    peer.wait(lambda: to_ns(images[-1].header.stamp) > later, 20, 'image of the new stream')
    stamps = [to_ns(image.header.stamp) for image in images]
    assert not [stamp for stamp in stamps if EPOCH_NS + 2 * NS_PER_S < stamp < later + 450_000_000]
    peer.wait(lambda: peer.status('audio source')[1].get('restarts') == '1', 5, 'the restart in the diagnostics')
    assert peer.status('audio source')[1]['samples_lost'] == '0'


def test_invalid_messages_are_diagnosed_and_skipped(
    peer: Peer, node: NodeProcess, microphones: MicrophonePublisher
) -> None:
    images = peer.subscribe(Image, '/perception/depth/image')
    microphones.send(1.2)
    peer.wait(lambda: bool(images), 20, 'image')
    foreign = microphones.message()
    foreign.encoding = 'mp3'
    microphones.send_message(foreign)
    peer.wait(lambda: "'mp3'" in peer.status('audio source')[1].get('message', ''), 10, 'diagnosis of the encoding')
    stereo = microphones.message()
    stereo.channel_count = 2
    microphones.send_message(stereo)
    peer.wait(lambda: '2 channels' in peer.status('predictions')[1].get('message', ''), 10, 'diagnosis of the channels')
    assert peer.status('predictions')[0] == b'\x02'
    count = len(images)
    microphones.send(1.5)
    peer.wait(lambda: len(images) > count, 20, 'image after the foreign messages')
    peer.wait(lambda: peer.status('predictions')[0] != b'\x02', 10, 'recovery in the diagnostics')


def test_parameters_change_while_the_node_runs(peer: Peer, node: NodeProcess, microphones: MicrophonePublisher) -> None:
    images = peer.subscribe(Image, '/perception/depth/image')
    labels = peer.subscribe(Image, '/perception/segmentation/image')
    audio = peer.subscribe(AudioBlockMessage, '/perception/audio', 200)
    assert peer.set('prediction.rate_hz', 2.0) == (True, '')
    microphones.send(3.5)
    peer.spin(0.5)
    stamps = np.array([to_ns(image.header.stamp) for image in images])
    assert 3 <= len(stamps) <= 7
    assert np.diff(stamps).min() > 0.4e9
    assert not audio
    assert peer.set('prediction.min_confidence', 1.0)[0]
    assert peer.set('publish.audio', True)[0]
    count = len(images)
    microphones.send(1.2)
    peer.wait(lambda: len(images) > count and len(labels) >= len(images), 20, 'image')
    assert np.isnan(from_image(images[-1])).all()
    assert (from_image(labels[-1]) == 255).all()
    peer.wait(lambda: len(audio) > 10, 10, 'audio')
    for name, value in (('prediction.rate_hz', 0.0), ('prediction.rate_hz', 1e6), ('prediction.min_confidence', 2.0)):
        successful, reason = peer.set(name, value)
        assert not successful
        assert name in reason
    successful, reason = peer.set('autostart', True)
    assert not successful


def test_a_clock_jump_backwards_flushes_the_audio(
    peer: Peer, start_node: Callable[..., NodeProcess], small_bundle: Path, microphones: MicrophonePublisher
) -> None:
    process = start_node(bundle=small_bundle, source__topic='/audio', use_sim_time=True)
    clock = peer.node.create_publisher(Clock, '/clock', 10)
    images = peer.subscribe(Image, '/perception/depth/image')
    assert peer.change(CONFIGURE, ACTIVATE), process.output
    microphones.wait_for_node()
    peer.wait(lambda: clock.get_subscription_count() > 0, 10, 'subscription to /clock')

    def tick() -> None:
        """Set the clock of the node. /clock and audio are separate topics, and /clock is best effort."""
        now_ns = microphones.epoch_ns + microphones.next_sample * NS_PER_S // RATE_HZ

        def is_set() -> bool:
            clock.publish(Clock(clock=to_time(now_ns)))
            return bool(peer.diagnostics) and to_ns(peer.diagnostics[-1].header.stamp) == now_ns

        peer.wait(is_set, 20, 'diagnostics with the time of /clock')

    tick()
    microphones.send(0.8)
    tick()
    # A bag is played again, but its sample index continues: only the clock shows the restart.
    microphones.epoch_ns -= 5 * NS_PER_S
    tick()
    microphones.send(0.6)
    peer.spin(0.5)
    assert not images, 'an image from audio before and after the jump'
    microphones.send(0.8)
    peer.wait(lambda: bool(images), 20, 'image after the jump')
    assert 'The clock went back' in process.output
    assert to_ns(images[0].header.stamp) < EPOCH_NS
    peer.wait(lambda: peer.status('predictions')[1].get('flushes') == '1', 10, 'flush in the diagnostics')
    assert process.end() == 0, process.output
