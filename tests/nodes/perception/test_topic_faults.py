# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Each fault of an audio topic has a sentence of its own in diagnostics and log."""

from __future__ import annotations

import array
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from audio_manifold_msgs.msg import AudioBlock
from rclpy.qos import QoSProfile, ReliabilityPolicy

from audio_manifold_ros.common.units import NS_PER_S
from audio_manifold_ros.nodes.common.messages import to_time
from tests.nodes.peer import ACTIVATE, CONFIGURE, NodeProcess, Peer

pytestmark = pytest.mark.ros
ERROR, HEALTHY = b'\x02', (b'\x00', b'\x01')  # a loaded machine may drop windows
CHANNELS, BLOCK = 8, 1024


class Driver:
    """Driver of a sound device with faults, in real time."""

    def __init__(self, peer: Peer, reliability: ReliabilityPolicy = ReliabilityPolicy.RELIABLE) -> None:
        self._peer = peer
        self._publisher = peer.node.create_publisher(
            AudioBlock, 'audio', QoSProfile(depth=200, reliability=reliability)
        )
        rng = np.random.default_rng(3)
        common, own = rng.standard_normal((1, BLOCK, 1)), rng.standard_normal((16, BLOCK, CHANNELS))
        self.samples = (2500 * (common + 0.8 * own)).clip(-30_000, 30_000).astype('<i2')
        self.first_sample = 0

    def message(self, rate_hz: int, stamp_ns: int) -> AudioBlock:
        message = AudioBlock(
            sample_rate_hz=rate_hz, channel_count=CHANNELS, encoding='s16le', first_sample=self.first_sample
        )
        message.header.stamp = to_time(stamp_ns)
        message.data = array.array('B', self.samples[self.first_sample // BLOCK % 16].tobytes())
        self.first_sample += BLOCK
        return message

    def send(self, message: AudioBlock) -> None:
        self._publisher.publish(message)

    def run(
        self,
        done: Callable[[], bool],
        declared_hz: int = 22_500,
        true_hz: int = 22_500,
        stamp: Callable[[int], int] = lambda now_ns: now_ns,
    ) -> bool:
        """Publish until something is done, at most 25 s. Return whether it was done."""
        start_s, start_ns, sent = time.monotonic(), time.time_ns(), 0
        while not done() and time.monotonic() < start_s + 25:
            self.send(self.message(declared_hz, stamp(start_ns + sent * BLOCK * NS_PER_S // true_hz)))
            sent += 1
            while (left_s := start_s + sent * BLOCK / true_hz - time.monotonic()) > 0:
                self._peer.spin(min(left_s, 0.02))
        return done()

    def destroy(self) -> None:
        self._peer.node.destroy_publisher(self._publisher)


@pytest.fixture
def node(peer: Peer, start_node: Callable[..., NodeProcess], small_bundle: Path) -> Iterator[NodeProcess]:
    process = start_node(bundle=small_bundle, source__topic='/audio')
    assert peer.change(CONFIGURE, ACTIVATE), process.output
    yield process
    assert process.end() == 0, process.output
    assert 'Traceback' not in process.output


def seen(peer: Peer, text: str) -> Callable[[], bool]:
    def check() -> bool:
        level, values = peer.status('audio source')
        return text in values.get('message', '') and level == ERROR

    return check


@pytest.mark.parametrize(('declared', 'true'), [(48_000, 44_100), (16_000, 48_000)])
def test_a_wrong_rate_is_named_with_both_numbers(peer: Peer, node: NodeProcess, declared: int, true: int) -> None:
    driver = Driver(peer)
    assert driver.run(seen(peer, f'state {declared} Hz, but it delivers {true} samples'), declared, true), node.output
    assert f'delivers {true} samples per second' in node.output


def test_messages_without_stamps_and_stamps_ahead_are_named(peer: Peer, node: NodeProcess) -> None:
    driver = Driver(peer)
    assert driver.run(seen(peer, 'carry no stamps'), stamp=lambda _: 0), node.output
    assert driver.run(seen(peer, 's ahead of the clock of this node'), stamp=lambda ns: ns + 5 * NS_PER_S), node.output
    assert driver.run(lambda: peer.status('audio source')[0] in HEALTHY), 'the diagnostics recover'


def test_a_second_publisher_is_named(peer: Peer, node: NodeProcess) -> None:
    driver, zombie = Driver(peer), Driver(peer)
    assert driver.run(seen(peer, '2 publishers on /audio (')), node.output
    zombie.destroy()
    assert driver.run(lambda: peer.status('audio source')[0] in HEALTHY), 'the diagnostics recover'


def test_a_best_effort_publisher_is_named(peer: Peer, node: NodeProcess) -> None:
    driver = Driver(peer, ReliabilityPolicy.BEST_EFFORT)
    assert driver.run(seen(peer, 'qos_overrides./audio.subscription.reliability:=best_effort')), node.output


def test_huge_messages_are_refused_at_once_in_bounded_memory(peer: Peer, node: NodeProcess) -> None:
    driver = Driver(peer)
    assert driver.run(lambda: peer.status('audio source')[0] in HEALTHY), node.output
    before_kb = _resident_kb(node)
    for size in (20_000_000, 20_000_000, 6_400_000):
        huge = driver.message(22_500, time.time_ns())
        huge.data = array.array('B', bytes(size))
        driver.send(huge)
        peer.spin(0.1)
    assert driver.run(lambda: 'A message holds' in node.output), node.output
    assert driver.run(lambda: peer.status('audio source')[0] in HEALTHY), 'the node goes on'
    assert _resident_kb(node) < before_kb + 150_000


def test_no_sound_and_no_clock_is_not_green(
    peer: Peer, start_node: Callable[..., NodeProcess], small_bundle: Path
) -> None:
    """ROS time stands still when sound and /clock end together."""
    process = start_node(bundle=small_bundle, source__topic='/audio', use_sim_time=True)
    assert peer.change(CONFIGURE, ACTIVATE), process.output
    peer.wait(lambda: 'nothing is published on /clock' in peer.status('predictions')[1].get('message', ''), 20, 'clock')
    driver = Driver(peer)
    stop_s = time.monotonic() + 3
    driver.run(lambda: time.monotonic() > stop_s)
    peer.wait(lambda: 'No audio on /audio for' in peer.status('audio source')[1].get('message', ''), 20, 'the silence')
    assert process.end() == 0, process.output


def _resident_kb(process: NodeProcess) -> int:
    status = Path(f'/proc/{process.process.pid}/status').read_text()
    return int(status.partition('VmRSS:')[2].split()[0])
