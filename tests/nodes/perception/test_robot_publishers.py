# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
from rclpy.lifecycle import LifecycleNode
from std_msgs.msg import String

from audio_manifold_ros.common.errors import NodeError
from audio_manifold_ros.nodes.perception.predicted_images import PredictedImages
from audio_manifold_ros.nodes.perception.robot_output_messages import RobotOutput
from audio_manifold_ros.nodes.perception.robot_publishers import RobotPublishers
from tests.nodes.peer import Peer

pytestmark = pytest.mark.ros


def images(stamp_ns: int) -> PredictedImages:
    return PredictedImages(None, None, np.ones((4, 4), np.float32), stamp_ns)


def test_only_outputs_with_subscribers_are_made(peer: Peer) -> None:
    node = LifecycleNode('robot')
    made: list[tuple[str, int]] = []

    def make(name: str, given: PredictedImages) -> String:
        made.append((name, given.stamp_ns))
        return String(data=name)

    outputs = [RobotOutput(f'~/{name}', String, lambda given, name=name: make(name, given)) for name in ('a', 'b')]
    publishers = RobotPublishers(node, outputs)
    publishers.publish(images(1))
    assert made == []
    peer.subscribe(String, '/robot/b')
    peer.wait(lambda: bool(publishers.publish(images(2)) or made), 10, 'subscription')
    assert set(made) == {('b', 2)}
    publishers.destroy()
    assert '/robot/a' not in {publisher.topic_name for publisher in node.publishers}
    node.destroy_node()


def test_derived_values_are_computed_once_for_each_image() -> None:
    counts: list[int] = []
    first, second = images(1), images(2)
    for given in (first, first, second):
        given.derive('scan', lambda: counts.append(1))
    assert len(counts) == 2
    with pytest.raises(NodeError, match='no depth'):
        first.require_depth()
    with pytest.raises(NodeError, match='no classes'):
        first.require_labels()
