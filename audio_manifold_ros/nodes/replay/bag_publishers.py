# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Publishers for the topics of a bag. Messages are published as the recorded bytes."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

from rclpy.duration import Duration
from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy
from rclpy.qos_overriding_options import QoSOverridingOptions

from audio_manifold_ros.common.errors import NodeError
from audio_manifold_ros.nodes.common.message_class import message_class

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rclpy.node import Node
    from rclpy.publisher import Publisher

    from audio_manifold_ros.bags.storage.bag_message import BagMessage, BagTopic

QUEUE_DEPTH = 200
TRANSIENT_LOCAL = re.compile(r'^\s*durability:\s*(1|transient_local)\s*$', re.MULTILINE)
# Topics published latched if the bag has no QoS profiles, so that later subscribers receive them.
LATCHED_TOPICS = ('tf_static', 'run_metadata', 'labels_json', 'label_info', 'robot_description')
ACK_TIMEOUT_S = 2.0


class BagPublishers:
    """One publisher per topic.

    Attributes:
        topics: Names of the published topics, as in the bag.
        latched: Names of the latched topics among them.
        skipped: Reason why a topic of the bag is not published, by name.

    """

    def __init__(self, node: Node, topics: Iterable[BagTopic]) -> None:
        """Create a publisher for each topic whose message type is installed."""
        self._publishers: dict[str, Publisher] = {}
        self.latched: tuple[str, ...] = ()
        self.skipped: dict[str, str] = {}
        for topic in topics:
            try:
                kind = message_class(topic.type)
            except NodeError as error:
                self.skipped[topic.name] = str(error)
                continue
            qos = _qos(topic)
            if qos.durability == DurabilityPolicy.TRANSIENT_LOCAL:
                self.latched += (topic.name,)
            self._publishers[topic.name] = node.create_publisher(
                kind, topic.name, qos, qos_overriding_options=QoSOverridingOptions.with_default_policies()
            )

    @property
    def topics(self) -> tuple[str, ...]:
        """Names of the published topics, as in the bag."""
        return tuple(self._publishers)

    def publish(self, message: BagMessage) -> None:
        """Publish a message of one of the topics."""
        self._publishers[message.topic].publish(bytes(message.data))

    def wait_for_all_acked(self) -> None:
        """Wait until all subscribers have acknowledged all messages, at most two seconds."""
        end_s = time.monotonic() + ACK_TIMEOUT_S
        for publisher in self._publishers.values():
            publisher.wait_for_all_acked(Duration(seconds=max(end_s - time.monotonic(), 0.0)))


def _qos(topic: BagTopic) -> QoSProfile:
    """Return a reliable profile, latched if the recorded publisher was latched."""
    if topic.qos_profiles:
        latched = bool(TRANSIENT_LOCAL.search(topic.qos_profiles))
    else:
        latched = topic.name.rpartition('/')[2] in LATCHED_TOPICS
    return QoSProfile(
        history=HistoryPolicy.KEEP_LAST,
        depth=QUEUE_DEPTH,
        reliability=ReliabilityPolicy.RELIABLE,
        durability=DurabilityPolicy.TRANSIENT_LOCAL if latched else DurabilityPolicy.VOLATILE,
    )
