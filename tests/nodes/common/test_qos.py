# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Images are held while a subscriber is busy for half a second."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import rclpy
from rclpy.node import Node
from sensor_msgs.msg import Image

from audio_manifold_ros.nodes.common.qos import IMAGE_QOS

pytestmark = pytest.mark.ros


@pytest.fixture
def node() -> Iterator[Node]:
    rclpy.init()
    node = rclpy.create_node('qos_test')
    yield node
    node.destroy_node()
    rclpy.shutdown()


def test_a_pause_of_half_a_second_loses_no_image(node: Node) -> None:
    received: list[str] = []
    subscription = node.create_subscription(Image, 'image', lambda m: received.append(m.header.frame_id), IMAGE_QOS)
    publisher = node.create_publisher(Image, 'image', IMAGE_QOS)
    for _ in range(100):
        if publisher.get_subscription_count():
            break
        rclpy.spin_once(node, timeout_sec=0.1)
    sent = [str(number) for number in range(15)]  # at 30 per second, while the subscriber does something else
    for frame_id in sent:
        message = Image(data=bytes(65_536))
        message.header.frame_id = frame_id
        publisher.publish(message)
    for _ in range(60):
        rclpy.spin_once(node, timeout_sec=0.05)
    assert received == sent
    node.destroy_subscription(subscription)
