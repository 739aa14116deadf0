# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Recovery of the node from a killed audio server, and from a device that is missing at start."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from sensor_msgs.msg import Image

from tests.nodes.peer import ACTIVATE, CLEANUP, CONFIGURE, DEACTIVATE, NodeProcess, Peer
from tests.pulse_array import DEVICE, PulseArray

pytestmark = pytest.mark.ros
STALE = b'\x03'
CYCLES = 5


def noise(seconds: float) -> np.ndarray:
    return (np.random.default_rng(4).standard_normal((8, int(22_500 * seconds))) * 1000).astype(np.int16)


@pytest.mark.timeout(200)
def test_the_node_recovers_from_a_killed_audio_server(
    peer: Peer, start_node: Callable[..., NodeProcess], small_bundle: Path, pulse_array: PulseArray
) -> None:
    device = {'source__kind': 'device', 'source__device': DEVICE, 'source__device_rate_hz': 22_500}
    node = start_node(bundle=small_bundle, **device)
    images = peer.subscribe(Image, '/perception/depth/image')
    pulse_array.play(noise(60))
    assert peer.change(CONFIGURE, ACTIVATE), node.output
    peer.wait(lambda: bool(images), 30, 'image')

    pulse_array.kill()
    peer.wait(lambda: peer.status('audio source')[0] == STALE, 15, 'diagnosis of the loss')
    peer.spin(1.0)
    count = len(images)
    peer.spin(1.5)
    assert len(images) == count, 'images without audio'

    pulse_array.start()
    pulse_array.play(noise(60))
    peer.wait(lambda: len(images) > count, 30, 'image after the return of the server')
    peer.wait(lambda: peer.status('audio source')[1].get('state') == 'streaming', 10, 'diagnosis of the return')
    assert int(peer.status('audio source')[1]['restarts']) >= 1
    assert peer.state() == 'active'

    for _ in range(CYCLES):
        assert peer.change(DEACTIVATE, CLEANUP), node.output
        assert node.children() == []
        assert peer.change(CONFIGURE, ACTIVATE), node.output
    assert node.end() == 0, node.output


@pytest.mark.timeout(120)
def test_autostart_waits_for_a_missing_device(
    peer: Peer, start_node: Callable[..., NodeProcess], small_bundle: Path, pulse_array: PulseArray
) -> None:
    pulse_array.kill()
    device = {'source__kind': 'device', 'source__device': DEVICE, 'source__device_rate_hz': 22_500}
    node = start_node(bundle=small_bundle, autostart=True, **device)
    images = peer.subscribe(Image, '/perception/depth/image')
    peer.wait(lambda: 'Cannot activate' in node.output, 40, 'first attempt')
    assert peer.state() == 'inactive'
    pulse_array.start()
    pulse_array.play(noise(60))
    peer.wait(lambda: bool(images), 40, 'image after the device has appeared')
    assert node.end() == 0, node.output


@pytest.mark.timeout(120)
def test_an_absent_device_is_refused_by_name(
    peer: Peer, start_node: Callable[..., NodeProcess], small_bundle: Path, pulse_array: PulseArray
) -> None:
    node = start_node(bundle=small_bundle, source__kind='device', source__device='no-such-array')
    assert peer.change(CONFIGURE), node.output
    assert not peer.change(ACTIVATE)
    assert "'no-such-array'" in node.output
    assert peer.state() == 'inactive'
    assert node.children() == []
    assert node.end() == 0, node.output
