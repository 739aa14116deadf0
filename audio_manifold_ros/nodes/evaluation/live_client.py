# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Client of the live evaluation: sends audio and time to a perception node and receives its predictions."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Any

from audio_manifold_msgs.msg import AudioBlock
from rclpy.qos import QoSProfile
from rosgraph_msgs.msg import Clock

from audio_manifold_ros.nodes.common.message_joiner import MessageJoiner
from audio_manifold_ros.nodes.common.messages import from_image, to_ns, to_time
from audio_manifold_ros.nodes.common.perception_client import (
    CONFIDENCE_TOPIC,
    HEAD_TOPICS,
    POLL_INTERVAL_S,
    START_TIMEOUT_S,
    PerceptionClient,
)
from audio_manifold_ros.nodes.common.qos import AUDIO_QOS

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from sensor_msgs.msg import Image

    from audio_manifold_ros.inference.bundle.manifest import Manifest

AUDIO_TOPIC = 'audio'
CONFIDENCE = 'confidence'
Received = tuple[int, 'dict[str, NDArray[Any]]']


class LiveClient(PerceptionClient):
    """Sends the audio of a bag and receives the predictions, each with all of its images."""

    def __init__(self, manifest: Manifest, check: Callable[[], None], offset_ns: int = 0) -> None:
        """Subscribe to the images of the heads of a bundle.

        Args:
            manifest: Manifest of the bundle.
            check: Called during each wait. It raises if waiting is pointless.
            offset_ns: Offset that the perception node adds to the stamps of its images. It is subtracted again.

        """
        topics = {head: topic for head, topic in HEAD_TOPICS.items() if head in manifest.metric_modalities}
        topics[CONFIDENCE] = CONFIDENCE_TOPIC
        self._offset_ns = offset_ns
        self._joiner: MessageJoiner[NDArray[Any]] = MessageJoiner(topics)
        self._complete: list[Received] = []
        super().__init__(
            'evaluate_bag', {topic: partial(self._on_image, part) for part, topic in topics.items()}, check
        )
        self._audio = self.create_publisher(AudioBlock, AUDIO_TOPIC, AUDIO_QOS)
        self._time = self.create_publisher(Clock, '/clock', QoSProfile(depth=10))

    def start(self) -> None:
        """Configure and activate the perception node, and wait until it subscribes to the audio topic.

        Raises:
            NodeError: It refuses, or does not do so in time.

        """
        super().start()
        self.wait(lambda: self._audio.get_subscription_count() > 0, START_TIMEOUT_S, 'subscription to the audio')

    def send(self, message: AudioBlock | bytes, time_ns: int) -> None:
        """Publish the clock and a block of audio.

        Args:
            message: The block, as a message or in serialised form.
            time_ns: Time of the bag.

        """
        self._time.publish(Clock(clock=to_time(time_ns)))
        self._audio.publish(message)

    def receive(self, timeout_s: float) -> Received | None:
        """Return the next prediction, or None after the timeout.

        Returns:
            The stamp on the audio clock, and the images by head. `confidence` is one of the keys.

        """
        end_s = time.monotonic() + timeout_s
        while not self._complete:
            remaining_s = end_s - time.monotonic()
            if remaining_s <= 0:
                return None
            self.spin_once(min(remaining_s, POLL_INTERVAL_S))
        return self._complete.pop(0)

    def _on_image(self, part: str, message: Image) -> None:
        stamp_ns = to_ns(message.header.stamp) - self._offset_ns
        images = self._joiner.add(stamp_ns, part, from_image(message))
        if images is not None:
            self._complete.append((stamp_ns, images))
