# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Lifecycle transitions: repeatable without leaks, and recoverable after a failure."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sensor_msgs.msg import Image

from tests.nodes.peer import ACTIVATE, CLEANUP, CONFIGURE, DEACTIVATE, NodeProcess, Peer

pytestmark = pytest.mark.ros
CYCLES = 50


def shared_memory() -> set[str]:
    """Return the names of shared memory, without that of DDS."""
    names = [path.name for path in Path('/dev/shm').iterdir()]  # noqa: S108
    return {name for name in names if 'fastrtps' not in name and 'fastdds' not in name}


@pytest.mark.timeout(240)
@pytest.mark.slow
def test_fifty_cycles_leak_nothing(
    peer: Peer, start_node: Callable[..., NodeProcess], small_bundle: Path, wav: Path
) -> None:
    node = start_node(bundle=small_bundle, source__kind='file', source__file=wav)
    counts = []
    before = shared_memory()
    for cycle in range(CYCLES):
        assert peer.change(CONFIGURE, ACTIVATE), node.output
        assert peer.change(DEACTIVATE, CLEANUP), node.output
        if cycle >= 5:
            counts.append((node.threads(), node.file_descriptors()))
    assert node.children() == []
    assert shared_memory() - before == set()
    for each in zip(*counts, strict=True):  # threads, then descriptors
        assert each[-1] <= max(each[:5]), counts
    # The node still works after the cycles.
    images = peer.subscribe(Image, '/perception/depth/image')
    assert peer.change(CONFIGURE, ACTIVATE), node.output
    peer.wait(lambda: bool(images), 20, 'image after the cycles')
    assert node.end() == 0, node.output


def test_refused_configures_leave_nothing_behind(
    peer: Peer, start_node: Callable[..., NodeProcess], small_bundle: Path
) -> None:
    node = start_node(bundle=small_bundle, source__topic='mic-array/audio')
    counts = []
    for _ in range(10):
        assert not peer.change(CONFIGURE)
        counts.append((node.threads(), node.file_descriptors()))
    assert "source.topic is 'mic-array/audio'" in node.output
    for each in zip(*counts, strict=True):
        assert each[-1] <= max(each[:5]), counts
    assert peer.set('source.topic', 'audio') == (True, '')
    assert peer.change(CONFIGURE), node.output
    topics = ('depth/image', 'confidence/image', 'audio', 'segmentation/labels_json')
    peer.wait(lambda: all(peer.node.count_publishers(f'/perception/{topic}') for topic in topics), 20, 'publishers')
    peer.spin(1.0)
    assert [peer.node.count_publishers(f'/perception/{topic}') for topic in topics] == [1] * len(topics)
    assert node.end() == 0, node.output


def test_every_transition(peer: Peer, start_node: Callable[..., NodeProcess], small_bundle: Path, wav: Path) -> None:
    node = start_node(bundle=small_bundle, source__kind='file', source__file=wav, source__loop=True)
    images = peer.subscribe(Image, '/perception/depth/image')
    assert peer.state() == 'unconfigured'
    assert not peer.change(ACTIVATE)
    assert peer.change(CONFIGURE)
    assert peer.state() == 'inactive'
    peer.spin(1.5)
    assert not images, 'an inactive node publishes'
    assert peer.change(ACTIVATE)
    peer.wait(lambda: bool(images), 20, 'image')
    assert peer.change(DEACTIVATE)
    peer.spin(0.5)
    count = len(images)
    peer.spin(1.0)
    assert len(images) == count, 'a deactivated node publishes'
    assert peer.change(ACTIVATE)
    peer.wait(lambda: len(images) > count, 20, 'image after activating again')
    assert peer.change(5 + 2), 'shutdown of an active node'  # TRANSITION_ACTIVE_SHUTDOWN
    assert peer.state() == 'finalized'
    assert node.end() == 0, node.output


def test_autostart_and_shutdown_by_signal(
    peer: Peer, start_node: Callable[..., NodeProcess], small_bundle: Path, wav: Path
) -> None:
    node = start_node(bundle=small_bundle, source__kind='file', source__file=wav, autostart=True)
    images = peer.subscribe(Image, '/perception/depth/image')
    peer.wait(lambda: bool(images), 40, 'image of a node that starts itself')
    assert 'torch' not in Path(f'/proc/{node.process.pid}/maps').read_text(), 'a node on ONNX Runtime loads torch'
    assert node.end() == 0
    assert 'Traceback' not in node.output


def test_a_refused_configuration_can_be_corrected(
    peer: Peer, start_node: Callable[..., NodeProcess], small_bundle: Path, wav: Path
) -> None:
    node = start_node(bundle='models/nowhere', source__kind='file', source__file=wav, threads=99)
    assert not peer.change(CONFIGURE)
    assert peer.state() == 'unconfigured'
    assert 'threads is 99: give an integer from 1 to 64' in node.output
    assert peer.set('threads', 1) == (True, '')
    assert not peer.change(CONFIGURE)
    assert "models/nowhere': give a folder that exists" in node.output
    assert peer.set('bundle', str(small_bundle)) == (True, '')
    assert peer.change(CONFIGURE, ACTIVATE), node.output
    successful, reason = peer.set('bundle', 'elsewhere')
    assert not successful
    assert reason.startswith('bundle takes effect at configure')
