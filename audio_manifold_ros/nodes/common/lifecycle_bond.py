# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Bond of a lifecycle node with nav2_lifecycle_manager."""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING, Any

from rclpy.qos import QoSProfile
from std_msgs.msg import Header

from audio_manifold_ros.nodes.common.bond_protocol import BondPhase, BondProtocol
from audio_manifold_ros.nodes.common.run_node import steady_clock

if TYPE_CHECKING:
    from rclpy.node import Node
    from rclpy.publisher import Publisher
    from rclpy.subscription import Subscription
    from rclpy.timer import Timer

TOPIC = 'bond'
# All bonds of a robot share one topic. With a queue of 1 the heartbeats of other nodes push out those of this bond.
QUEUE = 100
# Timeout of the nodes of Nav2, and default of bond_timeout of the manager.
HEARTBEAT_TIMEOUT_S = 4.0


class LifecycleBond:
    """Bond of an active node. Its name is that of the node, as nav2_lifecycle_manager expects.

    Args:
        node: The node.
        period_s: Period of the heartbeats.
        status: Message class `bond/msg/Status`.

    """

    def __init__(self, node: Node, period_s: float, status: Any) -> None:
        """Create the publisher. It is kept, so that the last message of a bond is delivered."""
        self._node, self._period_s, self._status = node, period_s, status
        self._publisher: Publisher = node.create_publisher(status, TOPIC, QoSProfile(depth=QUEUE))
        self._protocol: BondProtocol | None = None
        self._subscription: Subscription | None = None
        self._timer: Timer | None = None

    def start(self) -> None:
        """Begin a new bond. End the current one, if there is one."""
        self.stop()
        self._protocol = BondProtocol(self._node.get_name(), str(uuid.uuid4()), time.monotonic())
        self._subscription = self._node.create_subscription(self._status, TOPIC, self._receive, QoSProfile(depth=QUEUE))
        self._timer = self._node.create_timer(self._period_s, self._beat, clock=steady_clock())
        self._beat()

    def stop(self) -> None:
        """End the bond and inform the other end. Do nothing without a bond."""
        if self._protocol is not None and self._protocol.end():
            self._publish(self._protocol, active=False)
        self._protocol = None
        self._unsubscribe()
        if self._timer is not None:
            self._node.destroy_timer(self._timer)
            self._timer = None

    def destroy(self) -> None:
        """End the bond and remove the publisher."""
        self.stop()
        self._node.destroy_publisher(self._publisher)

    def _receive(self, message: Any) -> None:
        if self._protocol is not None:
            self._protocol.receive(message.id, message.instance_id, active=message.active)

    def _beat(self) -> None:
        protocol = self._protocol
        if protocol is None:
            return
        if protocol.is_beating(time.monotonic()):
            self._publish(protocol, active=True)
        elif self._timer is not None:
            self._timer.cancel()
        if protocol.phase is not BondPhase.WAITING:
            # The heartbeats of all nodes of the robot arrive here. Nothing more is needed from them.
            self._unsubscribe()

    def _publish(self, protocol: BondProtocol, *, active: bool) -> None:
        self._publisher.publish(
            self._status(
                header=Header(stamp=self._node.get_clock().now().to_msg()),
                id=protocol.bond_id,
                instance_id=protocol.instance_id,
                active=active,
                heartbeat_timeout=HEARTBEAT_TIMEOUT_S,
                heartbeat_period=self._period_s,
            )
        )

    def _unsubscribe(self) -> None:
        if self._subscription is not None:
            self._node.destroy_subscription(self._subscription)
            self._subscription = None


def bond_status() -> Any | None:
    """Return the class of `bond/msg/Status`, or None if the package bond is not installed."""
    try:
        from bond.msg import Status
    except ImportError:
        return None
    return Status
