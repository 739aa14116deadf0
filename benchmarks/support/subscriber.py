# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The node that receives what the perception node publishes, and leads it through its lifecycle."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray
from lifecycle_msgs.srv import ChangeState
from rcl_interfaces.msg import Parameter, ParameterType, ParameterValue
from rcl_interfaces.srv import SetParameters
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import QoSProfile
from sensor_msgs.msg import Image

from audio_manifold_ros.nodes.common.messages import to_ns

PERCEPTION = 'perception'
QOS = QoSProfile(depth=10)  # type: ignore[no-untyped-call]


@dataclass(frozen=True)
class LatencyParts:
    """The way of one image, in ms.

    Attributes:
        made: From the window's newest sample until the node handed the image to DDS.
        carried: From there until this process had it.
        served: From there until the subscriber's callback ran.

    """

    made: float
    carried: float
    served: float


class Subscriber(Node):
    """Counts images and remembers how late each was.

    Attributes:
        latencies_ms: Of each depth image: from the window's newest sample to the arrival here.
        latency_parts: The same in parts.
        stages: What the node says last of its own stages, by stage and percentile (`network p50_ms`).
        label_count: Segmentation images received.
        dropped: Windows that the node says it has dropped; None before its first diagnostics.

    """

    def __init__(self, frame_to_window_end_ns: int, check: Callable[[], None]) -> None:
        """Subscribe to both modalities.

        Args:
            frame_to_window_end_ns: From the instant that an image describes to the end of its window.
            check: Called while waiting; raises when there is nothing to wait for any more.

        """
        super().__init__('benchmark')
        self._frame_to_window_end_ns = frame_to_window_end_ns
        self._check = check
        self.latencies_ms: list[float] = []
        self.latency_parts: list[LatencyParts] = []
        self.stages: dict[str, float] = {}
        self.label_count = 0
        self.dropped: int | None = None
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(self)
        # The types of the client library know no callback that takes what DDS says of a message.
        on_depth: Any = self._on_depth
        self.create_subscription(Image, f'{PERCEPTION}/depth/image', on_depth, QOS)
        self.create_subscription(Image, f'{PERCEPTION}/segmentation/image', self._on_labels, QOS)
        self.create_subscription(DiagnosticArray, '/diagnostics', self._on_diagnostics, QOS)
        self._change_state = self.create_client(ChangeState, f'{PERCEPTION}/change_state')
        self._set_parameters = self.create_client(SetParameters, f'{PERCEPTION}/set_parameters')

    def is_ready(self) -> bool:
        """Whether the perception node answers."""
        return bool(self._change_state.service_is_ready() and self._set_parameters.service_is_ready())

    def spin_until(self, done: Callable[[], bool], timeout_s: float, what: str) -> None:
        """Receive until something is done.

        Raises:
            TimeoutError: It is not done in time.

        """
        end_s = time.monotonic() + timeout_s
        while not done():
            if time.monotonic() > end_s:
                msg = f'No {what} within {timeout_s:.0f} s.'
                raise TimeoutError(msg)
            self._check()
            self._executor.spin_once(timeout_sec=0.05)

    def spin_for(self, seconds: float) -> None:
        """Receive for some time."""
        end_s = time.monotonic() + seconds
        while (left_s := end_s - time.monotonic()) > 0:
            self._executor.spin_once(timeout_sec=left_s)

    def change(self, transition: int, timeout_s: float) -> None:
        """Lead the perception node through a transition.

        Raises:
            RuntimeError: It refuses.

        """
        request = ChangeState.Request()
        request.transition.id = transition
        if not self._wait_for_response(self._change_state.call_async(request), timeout_s).success:
            msg = f'The perception node refuses transition {transition}.'
            raise RuntimeError(msg)

    def set_rate(self, rate_hz: float, timeout_s: float) -> None:
        """Ask the perception node for another rate.

        Raises:
            RuntimeError: It refuses.

        """
        value = ParameterValue(type=ParameterType.PARAMETER_DOUBLE, double_value=rate_hz)
        request = SetParameters.Request(parameters=[Parameter(name='prediction.rate_hz', value=value)])
        result = self._wait_for_response(self._set_parameters.call_async(request), timeout_s).results[0]
        if not result.successful:
            msg = f'The perception node refuses {rate_hz} Hz: {result.reason}'
            raise RuntimeError(msg)

    def wait_for_dropped_count(self, timeout_s: float) -> int:
        """Return the windows dropped so far, as the next diagnostics tell."""
        self.dropped = None
        self.spin_until(lambda: self.dropped is not None, timeout_s, 'diagnostics')
        return self.dropped or 0

    def _wait_for_response(self, future: Any, timeout_s: float) -> Any:
        self.spin_until(future.done, timeout_s, 'answer of the perception node')
        return future.result()

    def _on_depth(self, message: Image, info: dict[str, int]) -> None:
        now_ns = int(self.get_clock().now().nanoseconds)
        newest_ns = to_ns(message.header.stamp) + self._frame_to_window_end_ns
        sent_ns, received_ns = info['source_timestamp'], info['received_timestamp']
        self.latencies_ms.append((now_ns - newest_ns) / 1e6)
        self.latency_parts.append(
            LatencyParts((sent_ns - newest_ns) / 1e6, (received_ns - sent_ns) / 1e6, (now_ns - received_ns) / 1e6)
        )

    def _on_labels(self, _message: Image) -> None:
        self.label_count += 1

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        for status in message.status:
            if status.name.endswith(': latency'):
                self.stages = {pair.key: float(pair.value) for pair in status.values}
            for pair in status.values:
                if pair.key == 'windows_dropped':
                    self.dropped = int(pair.value)
