# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Bond with a lifecycle manager over DDS."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from rclpy.qos import QoSProfile

from tests.nodes.peer import ACTIVATE, CONFIGURE, DEACTIVATE, NodeProcess, Peer

Status = pytest.importorskip('bond.msg', reason='needs ros-$ROS_DISTRO-bond, which is not on PyPI').Status
pytestmark = pytest.mark.ros


def test_each_activation_has_a_bond(
    peer: Peer, start_node: Callable[..., NodeProcess], small_bundle: Path, wav: Path
) -> None:
    node = start_node(bundle=small_bundle, source__kind='file', source__file=wav, source__loop=True, bond__period_s=0.1)
    received = peer.subscribe(Status, '/bond', QoSProfile(depth=100))
    publisher = peer.node.create_publisher(Status, '/bond', QoSProfile(depth=100))
    instances = []
    for _ in range(2):
        assert peer.change(*([] if instances else [CONFIGURE]), ACTIVATE), node.output
        peer.wait(lambda: bool(received), 10, 'first heartbeat')
        manager = Status(id='perception', instance_id='manager', active=True)
        publisher.publish(manager)
        received.clear()
        peer.wait(lambda: sum(status.instance_id != 'manager' for status in received) >= 10, 10, 'heartbeats')
        # The node listens only until the bond is formed: the heartbeats of all nodes of a robot are on this topic.
        assert peer.node.count_subscribers('/bond') == 1
        own = [status for status in received if status.instance_id != 'manager']
        assert {(status.id, status.active, status.heartbeat_timeout) for status in own} == {('perception', True, 4.0)}
        assert len({status.instance_id for status in own}) == 1
        assert peer.change(DEACTIVATE), node.output
        peer.wait(lambda: not received[-1].active, 10, 'end of the bond')
        assert received[-1].instance_id == own[0].instance_id
        instances.append(own[0].instance_id)
        peer.spin(0.5)
        assert not received[-1].active
        received.clear()
    assert len(set(instances)) == 2
    assert node.end() == 0, node.output
