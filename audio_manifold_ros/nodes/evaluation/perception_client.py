# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The node at the other end of a perception node: leads it, feeds it audio and time, receives its images."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Any

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import QoSProfile
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import Image

from audio_manifold_ros.bags.decoding.audio_message_adapters import AUDIO_BLOCK_TYPE
from audio_manifold_ros.common.errors import NodeError
from audio_manifold_ros.nodes.common.message_class import message_class
from audio_manifold_ros.nodes.common.messages import from_image, to_ns, to_time
from audio_manifold_ros.nodes.common.qos import AUDIO_QOS

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from audio_manifold_ros.inference.bundle.manifest import Manifest

PERCEPTION = 'perception'
AUDIO_TOPIC = 'audio'
TOPICS: dict[str, str] = {'depth': 'depth/image', 'segmentation': 'segmentation/image'}
CONFIDENCE = 'confidence'
START_TIMEOUT_S = 120.0
POLL_INTERVAL_S = 0.05
Received = tuple[int, 'dict[str, NDArray[Any]]']


class PerceptionClient(Node):
    """Everything waits with a deadline, and asks `check` meanwhile whether the other process still lives.

    Attributes:
        fault: What the perception node's newest diagnostics complain about.

    """

    def __init__(self, manifest: Manifest, check: Callable[[], None], offset_ns: int = 0) -> None:
        """Subscribe first, ask later.

        A service of the perception node answers only once it knows this node's reader of answers, which was announced
        after those of the images: no image is lost before the two have found each other.

        Args:
            manifest: Tells which images come.
            check: Raises when there is no point in waiting.
            offset_ns: What the perception node adds to the stamps of its images; it is taken off again.

        """
        super().__init__('evaluate_bag')
        self._check = check
        self._offset_ns = offset_ns
        self.fault = ''
        self._spinner = SingleThreadedExecutor()
        self._spinner.add_node(self)
        heads: dict[str, str] = {head: topic for head, topic in TOPICS.items() if head in manifest.metric_modalities}
        self._expected_parts = frozenset({*heads, CONFIDENCE})
        self._incomplete: dict[int, dict[str, NDArray[Any]]] = {}
        self._complete: list[Received] = []
        for part, topic in {**heads, CONFIDENCE: 'confidence/image'}.items():
            self.create_subscription(Image, f'{PERCEPTION}/{topic}', partial(self._on_image, part), AUDIO_QOS)
        self.create_subscription(DiagnosticArray, '/diagnostics', self._on_diagnostics, AUDIO_QOS)
        self._audio = self.create_publisher(message_class(AUDIO_BLOCK_TYPE), AUDIO_TOPIC, AUDIO_QOS)
        self._time = self.create_publisher(Clock, '/clock', QoSProfile(depth=10))
        self._change = self.create_client(ChangeState, f'{PERCEPTION}/change_state')

    def destroy_node(self) -> None:
        """Release the node."""
        self._spinner.shutdown()
        super().destroy_node()

    def start(self) -> None:
        """Configure and activate the perception node, and wait until it hears the audio topic.

        Raises:
            NodeError: It does not, or not in time.

        """
        self._wait(self._change.service_is_ready, START_TIMEOUT_S, 'answer of the perception node')
        for transition, name in (
            (Transition.TRANSITION_CONFIGURE, 'configure'),
            (Transition.TRANSITION_ACTIVATE, 'activate'),
        ):
            future = self._change.call_async(ChangeState.Request(transition=Transition(id=transition)))
            self._wait(future.done, START_TIMEOUT_S, f'answer to {name}')
            if not future.result().success:
                msg = f'The perception node cannot {name}.'
                raise NodeError(msg)
        self._wait(lambda: self._audio.get_subscription_count() > 0, START_TIMEOUT_S, 'subscription to the audio')

    def send(self, message: Any, time_ns: int) -> None:
        """Publish a block of audio, as a message or as the bytes of one, at a time of the bag."""
        self._time.publish(Clock(clock=to_time(time_ns)))
        self._audio.publish(message)

    def receive(self, timeout_s: float) -> Received | None:
        """Return stamp and images, by head and `confidence`, of the next prediction; None if it does not come.

        The stamp is on the clock of the audio.
        """
        end_s = time.monotonic() + timeout_s
        while not self._complete:
            remaining_s = end_s - time.monotonic()
            if remaining_s <= 0:
                return None
            self._spinner.spin_once(timeout_sec=min(remaining_s, POLL_INTERVAL_S))
            self._check()
        return self._complete.pop(0)

    def _wait(self, done: Callable[[], bool], timeout_s: float, description: str) -> None:
        end_s = time.monotonic() + timeout_s
        while not done():
            self._spinner.spin_once(timeout_sec=POLL_INTERVAL_S)
            self._check()
            if time.monotonic() > end_s:
                msg = f'No {description} within {timeout_s:.0f} s: is another node of that name running, or the machine busy?'
                raise NodeError(msg)

    def _on_image(self, part: str, message: Image) -> None:
        stamp_ns = to_ns(message.header.stamp) - self._offset_ns
        parts = self._incomplete.setdefault(stamp_ns, {})
        parts[part] = from_image(message)
        if set(parts) == self._expected_parts:
            self._complete.append((stamp_ns, self._incomplete.pop(stamp_ns)))

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        not_ok = [status for status in message.status if status.level != DiagnosticStatus.OK]
        self.fault = ' '.join(f'{status.name}: {status.message}' for status in not_ok)
