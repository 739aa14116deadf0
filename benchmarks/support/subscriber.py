# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Client of the node benchmarks: measures the latency of the published images."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rclpy.qos import QoSProfile
from sensor_msgs.msg import Image

from audio_manifold_ros.common.errors import NodeError
from audio_manifold_ros.modalities.registry import DEPTH, SEGMENTATION
from audio_manifold_ros.nodes.common.messages import to_ns
from audio_manifold_ros.nodes.common.perception_client import HEAD_TOPICS, ImageCallback, PerceptionClient

QOS = QoSProfile(depth=10)  # type: ignore[no-untyped-call]


@dataclass(frozen=True)
class ImageTimes:
    """Times of one image on the system clock.

    Attributes:
        newest_ns: Of the newest sample of its window.
        arrived_ns: Of its arrival here.

    """

    newest_ns: int
    arrived_ns: int


@dataclass(frozen=True)
class LatencyParts:
    """Parts of the latency of one image, in ms.

    Attributes:
        made: From the newest sample of the window until the node passed the image to DDS.
        carried: From the publication until this process received it.
        served: From the reception until the callback of the subscriber ran.

    """

    made: float
    carried: float
    served: float


class Subscriber(PerceptionClient):
    """Counts images and measures their latency.

    Attributes:
        latencies_ms: One per depth image: from the newest sample of the window to the arrival here.
        latency_parts: The same latencies in parts.
        image_times: Times of the same images.
        label_count: Number of segmentation images.

    """

    def __init__(self, frame_to_window_end_ns: int, check: Callable[[], None]) -> None:
        """Subscribe to both modalities.

        Args:
            frame_to_window_end_ns: Time from the instant that an image describes to the end of its window.
            check: Called during each wait. It raises if waiting is pointless.

        """
        self._frame_to_window_end_ns = frame_to_window_end_ns
        self.latencies_ms: list[float] = []
        self.latency_parts: list[LatencyParts] = []
        self.image_times: list[ImageTimes] = []
        self.label_count = 0
        on_image: dict[str, ImageCallback] = {
            HEAD_TOPICS[DEPTH]: self._on_depth,
            HEAD_TOPICS[SEGMENTATION]: self._on_labels,
        }
        super().__init__('benchmark', on_image, check, qos=QOS)

    @property
    def stages(self) -> dict[str, float]:
        """Latencies of the stages as the node reports them, by stage and percentile (`network p50_ms`)."""
        return {key: float(value) for key, value in self.values('latency').items() if key != 'message'}

    def change_parameter(self, name: str, value: object, timeout_s: float) -> None:
        """Set a parameter of the perception node.

        Raises:
            NodeError: The node refuses, or does not answer in time.

        """
        accepted, reason = self.set_parameter(name, value, timeout_s)
        if not accepted:
            msg = f'The perception node refuses {name}: {value!r}: {reason}'
            raise NodeError(msg)

    def wait_for_dropped_count(self, timeout_s: float) -> int:
        """Return the number of dropped windows from the next diagnostics.

        Raises:
            NodeError: No diagnostics arrive in time.

        """
        self.statuses.clear()
        self.wait(lambda: self.value('predictions', 'windows_dropped') != '', timeout_s, 'diagnostics')
        return int(self.value('predictions', 'windows_dropped'))

    def _on_depth(self, message: Image, info: dict[str, int]) -> None:
        now_ns = int(self.get_clock().now().nanoseconds)
        newest_ns = to_ns(message.header.stamp) + self._frame_to_window_end_ns
        sent_ns, received_ns = info['source_timestamp'], info['received_timestamp']
        self.image_times.append(ImageTimes(newest_ns, now_ns))
        self.latencies_ms.append((now_ns - newest_ns) / 1e6)
        self.latency_parts.append(
            LatencyParts((sent_ns - newest_ns) / 1e6, (received_ns - sent_ns) / 1e6, (now_ns - received_ns) / 1e6)
        )

    def _on_labels(self, _message: Image) -> None:
        self.label_count += 1
