# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Audio source for a ROS topic: a microphone node on another machine, a simulator, or a bag."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from rclpy.event_handler import SubscriptionEventCallbacks
from rclpy.qos_overriding_options import QoSOverridingOptions

from audio_manifold_ros.audio.source import SourceState, SourceStatus
from audio_manifold_ros.common.errors import AudioError, NodeError
from audio_manifold_ros.nodes.common.qos import LATCHED_QOS
from audio_manifold_ros.nodes.perception.audio_topic import AudioTopic, AudioTopicReader
from audio_manifold_ros.nodes.perception.block_queue import BlockQueue
from audio_manifold_ros.nodes.perception.topic_monitor import TopicMonitor

if TYPE_CHECKING:
    from collections.abc import Callable

    from rclpy.node import Node
    from rclpy.qos import QoSProfile
    from rclpy.subscription import Subscription

    from audio_manifold_ros.audio.block import AudioBlock

LOST_AFTER_S = 1.0
REFUSAL_SHOWN_S = 5.0


class TopicSource:
    """Source of the blocks of a topic (see `AudioSource`).

    The executor of the node must spin in another thread than the one that reads. If the reader is too slow, the oldest
    blocks are dropped, which is a jump of `first_sample`. Messages that are too large are refused.
    """

    def __init__(self, node: Node, topic: AudioTopic) -> None:
        """Store the topic. `open` subscribes to it.

        Raises:
            NodeError: The message type is unknown or not installed, or does not describe its audio.

        """
        self._node = node
        self._topic = topic.name
        self._reader = AudioTopicReader(topic)
        self._subscriptions: list[Subscription] = []
        self._ready = threading.Condition()
        self._blocks = BlockQueue()
        self._monitor = TopicMonitor(node, topic.name)
        self._newest: AudioBlock | None = None
        self._arrived_s = 0.0
        self._error = ''
        self._refusal, self._refused_s = '', -REFUSAL_SHOWN_S
        self._samples_lost = 0
        self._overflows = 0
        self._restarts = 0

    @property
    def sample_rate_hz(self) -> int:
        """Rate of the blocks.

        Raises:
            AudioError: No block has arrived yet.

        """
        return self._require_block().sample_rate_hz

    @property
    def channels(self) -> int:
        """Channels of the blocks.

        Raises:
            AudioError: No block has arrived yet.

        """
        return self._require_block().channels

    def open(self) -> None:
        """Subscribe."""
        if self._subscriptions:
            return
        self._blocks.clear()
        self._newest = None
        self._error = self._refusal = ''
        self._samples_lost = self._overflows = self._restarts = 0
        self._reader = AudioTopicReader(self._reader.topic)
        self._monitor = TopicMonitor(self._node, self._topic)
        topic = self._reader.topic
        events = SubscriptionEventCallbacks(incompatible_qos=self._monitor.on_incompatible_qos)
        self._subscribe(self._reader.message_class, topic.name, self._on_message, topic.qos, events)
        if self._reader.info_class is not None:
            self._subscribe(self._reader.info_class, topic.info, self._on_info, LATCHED_QOS)

    def read(self, timeout_s: float) -> AudioBlock | None:
        """Return the next block, or None if none arrived in time."""
        with self._ready:
            self._ready.wait_for(lambda: self._blocks, timeout_s)
            return self._blocks.pop()

    def close(self) -> None:
        """Unsubscribe."""
        for subscription in self._subscriptions:
            self._node.destroy_subscription(subscription)
        self._subscriptions.clear()

    def status(self) -> SourceStatus:
        """Return the state of the source."""
        state, message = self._state()
        problem = self._monitor.problem(has_audio=state is SourceState.STREAMING) if self._subscriptions else ''
        lost = self._samples_lost + self._blocks.dropped_samples
        return SourceStatus(
            state, message, lost, self._overflows, self._restarts, problem or self._error or self._recent_refusal()
        )

    def _state(self) -> tuple[SourceState, str]:
        name = self._node.resolve_topic_name(self._topic)
        if not self._subscriptions:
            return SourceState.CLOSED, f'{name} is not subscribed.'
        if self._error:
            return SourceState.LOST, f'{name}: {self._error}'
        if self._newest is None:
            return SourceState.WAITING, f'No audio on {name} yet: start its publisher or the bag.'
        age_s = time.monotonic() - self._arrived_s
        if age_s > LOST_AFTER_S:
            return SourceState.LOST, f'No audio on {name} for {age_s:.1f} s: check its publisher.'
        return SourceState.STREAMING, f'{name}: {self._newest.channels} channels at {self._newest.sample_rate_hz} Hz.'

    def _require_block(self) -> AudioBlock:
        if self._newest is None:
            msg = f'No audio on {self._topic!r} yet, so its rate and channels are unknown: start its publisher.'
            raise AudioError(msg)
        return self._newest

    def _now_ns(self) -> int:
        return int(self._node.get_clock().now().nanoseconds)

    def _subscribe(
        self,
        kind: Any,
        topic: str,
        callback: Callable[[Any], None],
        qos: QoSProfile,
        events: SubscriptionEventCallbacks | None = None,
    ) -> None:
        self._subscriptions.append(
            self._node.create_subscription(
                kind,
                topic,
                callback,
                qos,
                event_callbacks=events,
                qos_overriding_options=QoSOverridingOptions.with_default_policies(),
            )
        )

    def _on_info(self, message: Any) -> None:
        try:
            self._reader.set_audio_info(message)
        except NodeError as error:
            self._error = str(error)

    def _on_message(self, message: Any) -> None:
        try:
            now_ns = self._now_ns()
            blocks = [self._monitor.add(block, now_ns) for block in self._reader.read(message, now_ns)]
        except NodeError as error:
            self._refuse(str(error))
            return
        self._error = ''
        self._arrived_s = time.monotonic()
        for block in blocks:
            self._count(block)
            self._newest = block
        with self._ready:
            self._blocks.extend(blocks)
            self._ready.notify()

    def _refuse(self, reason: str) -> None:
        self._error, self._refusal, self._refused_s = reason, reason, time.monotonic()
        name = self._node.resolve_topic_name(self._topic)
        self._node.get_logger().error(f'{name}: {reason}', throttle_duration_sec=REFUSAL_SHOWN_S)

    def _recent_refusal(self) -> str:
        """Return why a message of the last seconds was refused. The next message may have been valid."""
        return self._refusal if time.monotonic() - self._refused_s < REFUSAL_SHOWN_S else ''

    def _count(self, block: AudioBlock) -> None:
        self._overflows += block.overflow
        if self._newest is None:
            return
        jump = block.first_sample - self._newest.end_sample
        if jump < 0 or block.sample_rate_hz != self._newest.sample_rate_hz:
            self._restarts += 1
        else:
            self._samples_lost += jump
