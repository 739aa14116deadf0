# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Rig mismatch: a recording made with another rig causes a warning in log and diagnostics."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from std_msgs.msg import String

from audio_manifold_ros.bags.decoding.run_metadata import RunMetadata
from audio_manifold_ros.common.resource_paths import resource_path
from audio_manifold_ros.datasets.rig_files import RigFiles
from audio_manifold_ros.nodes.common.qos import LATCHED_QOS
from tests.nodes.peer import CLEANUP, CONFIGURE, NodeProcess, Peer

pytestmark = pytest.mark.ros
RIG = RigFiles.from_folder(resource_path('calibration/roof_octagon'))


def test_the_rig_of_a_recording_is_compared(
    peer: Peer, start_node: Callable[..., NodeProcess], small_bundle: Path
) -> None:
    louder = RigFiles(RIG.mic_array.replace('gain_db: 0.0', 'gain_db: 4.0', 1), RIG.camera, RIG.extrinsics)
    publisher = peer.node.create_publisher(String, '/car/run_metadata', LATCHED_QOS)
    publisher.publish(String(data=RunMetadata(louder, 'tests', 0, 'recorder', {}).to_json()))
    process = start_node(bundle=small_bundle, source__topic='/car/audio')
    assert peer.change(CONFIGURE), process.output

    def message() -> str:
        return peer.status('predictions')[1].get('message', '')

    peer.wait(lambda: 'mic_0: gain -4.00 dB' in message(), 20, 'the difference in the diagnostics')
    assert peer.status('predictions')[0] == b'\x01'
    assert peer.status('predictions')[1]['rig'] == 'roof_octagon'
    assert 'is not the one that recorded the audio' in process.output
    publisher.publish(String(data='no metadata'))
    unusable = 'metadata of the recording cannot be used'
    peer.wait(lambda: unusable in message(), 20, 'the damaged metadata in the diagnostics')
    publisher.publish(String(data=RunMetadata(RIG, 'tests', 0, 'recorder', {}).to_json()))
    peer.wait(lambda: message() == 'inactive.', 20, 'no warning about the same rig')
    assert peer.change(CLEANUP)
    assert process.end() == 0, process.output


ALIAS_BOMB = 'a: &a [x, x, x, x, x, x, x, x, x]\n' + ''.join(
    f'{chr(98 + n)}: &{chr(98 + n)} [{", ".join(["*" + chr(97 + n)] * 9)}]\n' for n in range(20)
)
MERGE_BOMB = 'a: &a {x: 1}\n' + ''.join(
    f'{chr(98 + n)}: &{chr(98 + n)}\n  <<: [{", ".join(["*" + chr(97 + n)] * 9)}]\n' for n in range(20)
)
HOSTILE = {
    'aliases': ALIAS_BOMB,
    'merge keys': MERGE_BOMB,
    'deep': '[' * 100_000,
    'a million values': 'a: [' + '[],' * 330_000 + ']',
    'a control sequence': 'array_id: "\x1b[2J"',
}


def test_a_hostile_message_does_not_block_the_node(
    peer: Peer, start_node: Callable[..., NodeProcess], small_bundle: Path
) -> None:
    """Two kilobytes of aliases, and texts that take long, arrive while the node changes its state."""
    publisher = peer.node.create_publisher(String, '/car/run_metadata', LATCHED_QOS)
    process = start_node(bundle=small_bundle, source__topic='/car/audio')
    assert peer.change(CONFIGURE), process.output
    assert len(ALIAS_BOMB) < 2_048
    for name, text in HOSTILE.items():
        rig = RigFiles(text, RIG.camera, RIG.extrinsics)
        publisher.publish(String(data=RunMetadata(rig, name, 0, 'recorder', {}).to_json()))
        start_s = time.monotonic()
        assert peer.change(CLEANUP), process.output
        assert peer.change(CONFIGURE), process.output
        assert time.monotonic() - start_s < 20, name
        peer.wait(lambda: 'cannot be used' in peer.status('predictions')[1].get('message', ''), 20, f'{name} is named')
    assert peer.change(CLEANUP)
    memory_kib = int(Path(f'/proc/{process.process.pid}/status').read_text().partition('VmHWM:')[2].split()[0])
    assert memory_kib < 1_500_000
    assert '\x1b[2J' not in process.output
    assert process.end() == 0, process.output
