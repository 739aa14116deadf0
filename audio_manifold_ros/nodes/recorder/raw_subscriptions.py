# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Subscriptions that deliver serialised messages."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from rclpy.subscription import Subscription

from audio_manifold_ros.common.errors import NodeError
from audio_manifold_ros.nodes.recorder.qos_matching import bag_qos, is_latched, subscription_qos
from audio_manifold_ros.nodes.recorder.recorded_topic import NO_SEQUENCE_NUMBER, RecordedTopic

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from rclpy.node import Node
    from rclpy.qos import QoSProfile

# Since rclpy 3.4 callbacks receive the message info. In Humble (rclpy 3.3) they receive the message only.
HAS_MESSAGE_INFO = hasattr(Subscription, 'CallbackType')


class RawSubscriptions:
    """Subscriptions to topics that are created when a publisher appears.

    Args:
        node: The node that subscribes.
        topics: Fully qualified names of the topics.
        receive: Called with each message: topic, data, receive time in nanoseconds, number of messages lost before it.
        log: Called with the reason if a topic cannot be recorded.

    """

    def __init__(
        self,
        node: Node,
        topics: Sequence[str],
        receive: Callable[[RecordedTopic, bytes, int, int], None],
        log: Callable[[str], None],
    ) -> None:
        """Create no subscription yet: `update` does."""
        self._node = node
        self._receive = receive
        self._log = log
        self._requested = tuple(dict.fromkeys(topics))
        self._topics: dict[str, RecordedTopic] = {}
        self._subscriptions: dict[str, tuple[Subscription, QoSProfile]] = {}
        self._rejected: dict[str, str] = {}
        self._sim_time = False

    @property
    def topics(self) -> tuple[RecordedTopic, ...]:
        """The subscribed topics."""
        return tuple(self._topics.values())

    def update(self) -> None:
        """Subscribe to topics whose publishers have appeared, and count the publishers."""
        self._sim_time = bool(self._node.get_parameter('use_sim_time').value)
        for name in self._requested:
            publishers = self._node.get_publishers_info_by_topic(name)
            if name in self._topics:
                self._topics[name].publishers = len(publishers)
            if publishers:
                self._subscribe(name, publishers[0].topic_type, [publisher.qos_profile for publisher in publishers])

    def close(self) -> None:
        """Deliver the messages that have arrived, then unsubscribe."""
        for name, (subscription, _) in self._subscriptions.items():
            self._drain(self._topics[name])
            self._node.destroy_subscription(subscription)
        self._subscriptions.clear()

    def _subscribe(self, name: str, kind: str, offered: list[QoSProfile]) -> None:
        """Subscribe to a topic, or again with weaker QoS if a new publisher is incompatible."""
        qos = subscription_qos(kind, offered)
        if name in self._subscriptions:
            subscription, current_qos = self._subscriptions[name]
            if qos.reliability <= current_qos.reliability and qos.durability <= current_qos.durability:
                return
            self._node.destroy_subscription(subscription)
        elif not self._accept(name, kind, offered):
            return
        topic = self._topics[name]
        new_subscription = self._node.create_subscription(
            topic.message_class, name, self._callback(topic), qos, raw=True
        )
        self._subscriptions[name] = new_subscription, qos

    def _accept(self, name: str, kind: str, offered: list[QoSProfile]) -> bool:
        try:
            self._topics[name] = RecordedTopic(name, kind, bag_qos(offered), is_latched(offered), len(offered))
        except NodeError as error:
            if self._rejected.get(name) != str(error):
                self._rejected[name] = str(error)
                self._log(f'{name} of type {kind} is not recorded: {error}')
            return False
        return True

    def _callback(self, topic: RecordedTopic) -> Callable[..., None]:
        if HAS_MESSAGE_INFO:
            return partial(self._on_message, topic)
        # `info` of `_on_message` has no default value: rclpy passes the info only if the callback requires it.
        return lambda data: self._on_message(topic, data, {})

    def _on_message(self, topic: RecordedTopic, data: bytes, info: Mapping[str, int]) -> None:
        self._forward(topic, data, info)
        self._drain(topic)

    def _drain(self, topic: RecordedTopic) -> None:
        """Take all waiting messages: an executor takes only one message per topic and round."""
        subscription, qos = self._subscriptions[topic.name]
        with subscription.handle:
            for _ in range(qos.depth):
                taken = subscription.handle.take_message(topic.message_class, True)
                if taken is None:
                    return
                data, info = taken
                # The first message of a round has no info in Humble. Using it for the others would change their order.
                self._forward(topic, data, info if HAS_MESSAGE_INFO else {})

    def _forward(self, topic: RecordedTopic, data: bytes, info: Mapping[str, int]) -> None:
        lost = topic.lost_before(info.get('publication_sequence_number', NO_SEQUENCE_NUMBER))
        self._receive(topic, data, self._time_ns(info), lost)

    def _time_ns(self, info: Mapping[str, int]) -> int:
        """Return the receive time of a message, from the middleware if possible: the callback may be late."""
        if self._sim_time:
            return int(self._node.get_clock().now().nanoseconds)
        return int(info.get('received_timestamp', 0)) or time.time_ns()
