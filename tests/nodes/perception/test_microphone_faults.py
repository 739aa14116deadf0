# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Faults of microphones while the node runs: diagnostics within two seconds, marked images, and policies."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from audio_manifold_msgs.msg import AudioBlock as AudioBlockMessage
from diagnostic_msgs.msg import DiagnosticArray
from sensor_msgs.msg import Image

from audio_manifold_ros.audio.block import AudioBlock
from audio_manifold_ros.nodes.common.audio_messages import to_audio_message
from audio_manifold_ros.nodes.common.messages import from_image, to_ns
from audio_manifold_ros.testing.microphone_faults import FAULTS
from tests.nodes.peer import ACTIVATE, CONFIGURE, NodeProcess, Peer

pytestmark = pytest.mark.ros
RATE_HZ = 22_500
BLOCK = 1125  # 50 ms
LIMIT_S = 2.0
FAULT_DESCRIPTIONS = {
    'unplugged': 'is unplugged',
    'dead': 'is dead',
    'clipping': 'clips',
    'hissing': 'hisses',
    'covered': 'is covered',
}


class SimulatedMicrophones:
    """Eight microphones on a topic in real time, some of which may be faulty."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self._publisher = peer.node.create_publisher(AudioBlockMessage, 'audio', 200)
        rng = np.random.default_rng(2)
        self.sound = (0.02 * rng.standard_normal((8, 12 * RATE_HZ))).astype(np.float32)
        self.next_sample = 0

    def wait_for_node(self) -> None:
        self._peer.wait(lambda: self._publisher.get_subscription_count() > 0, 20, 'subscription')

    def inject_fault(self, mic: int, fault_name: str) -> None:
        part = self.sound[mic, self.next_sample :]
        part[:] = FAULTS[fault_name][0](part, RATE_HZ)

    def send(self, seconds: float, until: Callable[[], bool] = lambda: False) -> float:
        """Send audio for `seconds` or until a condition holds, and return the seconds that were sent."""
        first = self.next_sample
        while self.next_sample < first + round(seconds * RATE_HZ) and not until():
            samples = self.sound[:, self.next_sample : self.next_sample + BLOCK]
            block = AudioBlock(samples, self.next_sample, RATE_HZ, time.time_ns())
            self._publisher.publish(to_audio_message(block, 'mic_array_link'))
            self.next_sample += BLOCK
            self._peer.spin(BLOCK / RATE_HZ)
        return (self.next_sample - first) / RATE_HZ


@pytest.fixture
def microphones(peer: Peer) -> SimulatedMicrophones:
    return SimulatedMicrophones(peer)


@pytest.fixture
def tolerant_bundle(small_bundle: Path, tmp_path: Path) -> Path:
    """Return the small bundle, with a manifest that tolerates two missing microphones."""
    folder = tmp_path / 'tolerant'
    shutil.copytree(small_bundle, folder)
    manifest = json.loads((folder / 'manifest.json').read_text())
    (folder / 'manifest.json').write_text(json.dumps({**manifest, 'tolerates_missing': 2}))
    return folder


def launch(
    peer: Peer,
    start_node: Callable[..., NodeProcess],
    microphones: SimulatedMicrophones,
    bundle: Path,
    **parameters: object,
) -> NodeProcess:
    process = start_node(bundle=bundle, source__topic='/audio', **parameters)
    assert peer.change(CONFIGURE, ACTIVATE), process.output
    microphones.wait_for_node()
    return process


def diagnostics_text(peer: Peer) -> str:
    return peer.status('microphones')[1].get('message', '')


def test_every_fault_is_in_the_diagnostics_within_two_seconds(
    peer: Peer, start_node: Callable[..., NodeProcess], small_bundle: Path, microphones: SimulatedMicrophones
) -> None:
    process = launch(peer, start_node, microphones, small_bundle)
    healthy = microphones.sound.copy()
    microphones.send(1.3)
    for mic, (fault_name, description) in enumerate(FAULT_DESCRIPTIONS.items(), start=1):
        # The gap must not count as a fault.
        microphones.next_sample = (microphones.next_sample // RATE_HZ + 1) * RATE_HZ
        microphones.sound = np.roll(healthy, mic, axis=1)
        microphones.send(1.2)
        microphones.inject_fault(mic, fault_name)
        fault_text = f'mic_{mic} {description}'
        sent_s = microphones.send(LIMIT_S, until=lambda text=fault_text: text in diagnostics_text(peer))  # type: ignore[misc]
        assert fault_text in diagnostics_text(peer), (
            f'{fault_name}: not found within {sent_s} s of audio: {diagnostics_text(peer)!r}'
        )
        values = peer.status('microphones')[1]
        assert values[f'mic_{mic} fault'] != 'none'
        assert values['mic_0 fault'] == 'none'
        # The periodic diagnostics may be ahead of the log.
        peer.wait(lambda line=f'Microphone {fault_text}': line in process.output, 5, 'the fault in the log')  # type: ignore[misc]
        # A restarted stream starts without faults.
        microphones.next_sample = 0
    assert process.end() == 0, process.output


@pytest.mark.parametrize('policy', ['mask', 'substitute'])
def test_every_image_is_marked_with_its_microphones(
    peer: Peer,
    start_node: Callable[..., NodeProcess],
    tolerant_bundle: Path,
    microphones: SimulatedMicrophones,
    policy: str,
) -> None:
    process = launch(peer, start_node, microphones, tolerant_bundle, microphones__policy=policy)
    images = peer.subscribe(Image, '/perception/depth/image')
    confidences = peer.subscribe(Image, '/perception/confidence/image')
    uses = peer.subscribe(DiagnosticArray, '/perception/microphones')
    microphones.send(1.5)
    microphones.inject_fault(3, 'dead')
    microphones.send(2.5)
    peer.wait(lambda: len(uses) == len(images) == len(confidences), 10, 'a mark for every image')
    assert [to_ns(use.header.stamp) for use in uses] == [to_ns(image.header.stamp) for image in images]
    marks = [{status.name: status.message for status in use.status} for use in uses]
    assert all(mark[f'mic_{place}'] == 'active' for mark in marks for place in (0, 1, 2, 4, 5, 6, 7))
    usage = {'mask': 'masked', 'substitute': 'substituted'}[policy]
    changes = [mark['mic_3'] for mark in marks]
    assert changes == ['active'] * changes.count('active') + [usage] * changes.count(usage)
    assert {'active', usage} == set(changes)
    assert max(from_image(image).max() for image in confidences[changes.count('active') :]) <= 7 / 8
    predictions = [
        status
        for diagnostics_text in peer.diagnostics
        for status in diagnostics_text.status
        if 'predictions' in status.name
    ]
    degraded = [status for status in predictions if 'degraded: mic_3 is dead' in status.message]
    assert degraded
    assert {status.level for status in degraded} == {b'\x01'}
    assert peer.status('predictions')[1][f'microphones_{usage}'].startswith('mic_3')
    assert process.end() == 0, process.output


def test_policy_stop_and_its_change_while_running(
    peer: Peer, start_node: Callable[..., NodeProcess], small_bundle: Path, microphones: SimulatedMicrophones
) -> None:
    process = launch(peer, start_node, microphones, small_bundle, microphones__policy='stop')
    images = peer.subscribe(Image, '/perception/depth/image')
    microphones.send(1.5)
    peer.wait(lambda: bool(images), 10, 'image')
    microphones.inject_fault(0, 'unplugged')
    microphones.send(LIMIT_S, until=lambda: 'mic_0 is unplugged' in diagnostics_text(peer))
    peer.spin(0.3)
    count = len(images)
    microphones.send(1.0)
    assert len(images) == count
    assert 'No images are published: mic_0 is unplugged' in peer.status('predictions')[1]['message']
    assert peer.status('predictions')[0] == b'\x02'
    assert not peer.set('microphones.policy', 'ignore')[0]
    assert peer.set('microphones.policy', 'substitute') == (True, '')
    microphones.send(1.0)
    peer.wait(lambda: len(images) > count, 10, 'image from seven microphones')
    assert process.end() == 0, process.output


def test_a_file_with_a_dead_channel_is_diagnosed(
    peer: Peer, start_node: Callable[..., NodeProcess], small_bundle: Path, tmp_path: Path
) -> None:
    sound = 0.02 * np.random.default_rng(4).standard_normal((4 * RATE_HZ, 8))
    sound[:, 5] = 0
    soundfile.write(tmp_path / 'dead.wav', sound, RATE_HZ, subtype='PCM_16')
    process = start_node(
        bundle=small_bundle, source__kind='file', source__file=tmp_path / 'dead.wav', source__loop=True
    )
    assert peer.change(CONFIGURE, ACTIVATE), process.output
    peer.wait(lambda: 'mic_5 is unplugged' in diagnostics_text(peer), 10, 'the dead channel in the diagnostics')
    assert peer.status('microphones')[0] == b'\x02'
    assert process.end() == 0, process.output
