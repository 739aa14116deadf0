# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The node with a bundle of spatial features: microphones that die in a stream are left out within a second."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from diagnostic_msgs.msg import DiagnosticArray
from sensor_msgs.msg import CameraInfo, Image

from audio_manifold_ros.nodes.common.messages import from_image, to_ns
from tests.nodes.peer import NodeProcess, Peer
from tests.nodes.perception.test_microphone_faults import SimulatedMicrophones, diagnostics_text, launch

pytestmark = pytest.mark.ros
LIMIT_S = 1.0
WARN = b'\x01'


def microphone_messages(peer: Peer) -> list[tuple[bytes, str]]:
    """Return level and message of the status of the microphones in all diagnostics."""
    statuses = [status for message in peer.diagnostics for status in message.status]
    return [(status.level, status.message) for status in statuses if status.name.endswith(': microphones')]


def test_two_microphones_die_are_left_out_within_a_second_and_come_back(
    peer: Peer, start_node: Callable[..., NodeProcess], spatial_bundle: Path
) -> None:
    microphones = SimulatedMicrophones(peer)
    process = launch(peer, start_node, microphones, spatial_bundle, prediction__rate_hz=10.0)
    healthy = microphones.sound.copy()
    depths, uses = (
        peer.subscribe(Image, '/perception/depth/image'),
        peer.subscribe(DiagnosticArray, '/perception/microphones'),
    )
    infos, spectrograms = (
        peer.subscribe(CameraInfo, '/perception/depth/camera_info'),
        peer.subscribe(Image, '/perception/spectrogram'),
    )
    microphones.send(2.2)
    for mic, fault in ((2, 'unplugged'), (5, 'dead')):
        microphones.inject_fault(mic, fault)

    def states() -> dict[str, str]:
        return {status.name: status.message for status in uses[-1].status} if uses else {}

    assert set(states().values()) == {'active'}
    sent_s = microphones.send(1.5 * LIMIT_S, until=lambda: {states()[f'mic_{mic}'] for mic in (2, 5)} == {'masked'})
    assert sent_s <= LIMIT_S + 0.1, process.output  # a prediction every tenth of a second
    assert [name for name, state in states().items() if state == 'active'] == [
        f'mic_{mic}' for mic in (0, 1, 3, 4, 6, 7)
    ]
    peer.spin(0.3)
    for text in ('Microphone mic_2 is unplugged', 'Microphone mic_5 is dead'):
        assert text in diagnostics_text(peer)
        assert text in process.output
    level, values = peer.status('predictions')
    assert level == WARN
    assert 'degraded: mic_2 is unplugged, mic_5 is dead' in values['message']
    assert values['microphones_masked'] == 'mic_2, mic_5'

    microphones.sound = healthy
    microphones.send(5.0, until=lambda: set(states().values()) == {'active'})
    peer.wait(
        lambda: any('Microphone mic_5 has recovered' in text for _, text in microphone_messages(peer)),
        5,
        'the recovery in the diagnostics',
    )
    for name in ('mic_2', 'mic_5'):
        recovered = [
            level for level, text in microphone_messages(peer) if f'{name} has recovered and is in use' in text
        ]
        assert recovered
        assert set(recovered) == {WARN}
    assert depths
    assert from_image(depths[0]).shape == (128, 128)
    assert (infos[0].width, infos[0].k[0]) == (128, pytest.approx(53.7024))
    assert from_image(spectrograms[0]).shape == (64, 20)
    assert {to_ns(message.header.stamp) for message in spectrograms[:3]} <= {to_ns(m.header.stamp) for m in depths}
    assert process.end() == 0, process.output
