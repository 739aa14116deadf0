# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The node that watches: it leads the perception node through its lifecycle and receives what it publishes."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Any

from diagnostic_msgs.msg import DiagnosticArray
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from rclpy.node import Node
from rclpy.qos import QoSProfile
from sensor_msgs.msg import Image

from audio_manifold_ros.demo.frame_sync import DemoFrame, FrameAssembler, FrameSampler, GroundTruth, GroundTruthBuffer
from audio_manifold_ros.nodes.common.messages import from_image, to_ns

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from audio_manifold_ros.inference.bundle.manifest import Manifest

PERCEPTION = 'perception'
HEAD_TOPICS: dict[str, str] = {'depth': 'depth/image', 'segmentation': 'segmentation/image'}
GROUND_TRUTH_TOPICS: dict[str, str] = {'depth': 'truth/depth/image', 'segmentation': 'truth/segmentation/image'}
GROUND_TRUTH_TOLERANCE_S = 0.03
QOS = QoSProfile(depth=10)


class DemoClient(Node):
    """Collects images, latencies and diagnostics.

    Attributes:
        frame_sampler: Frames kept for pictures and scores.
        latencies_ms: One per image: from the window's newest sample to the image's arrival here.
        arrivals_s: Monotonic time of arrival of each image.
        diagnostics: Newest values by the name of the status, without the node's name.
        diagnostics_count: Number of diagnostic messages so far.
        ground_truth_count: Number of true images so far.

    """

    def __init__(self, manifest: Manifest, frame_sampler: FrameSampler) -> None:
        """Subscribe to everything that the bundle's heads yield, and to the truth."""
        super().__init__('viewer')
        spec = manifest.features
        self._newest_sample_offset_ns = round(
            (1 - manifest.frame_position) * spec.window_samples / spec.sample_rate_hz * 1e9
        )
        self.frame_sampler = frame_sampler
        self.latencies_ms: list[float] = []
        self.arrivals_s: list[float] = []
        self.diagnostics: dict[str, dict[str, str]] = {}
        self.diagnostics_count = 0
        self.ground_truth_count = 0
        topics: dict[str, str] = {
            head: topic for head, topic in HEAD_TOPICS.items() if head in manifest.metric_modalities
        }
        self._timed_part = next(iter(topics), 'confidence')
        topics |= {'confidence': 'confidence/image', 'spectrogram': 'spectrogram'}
        self._frame_assembler = FrameAssembler(frozenset(topics))
        self._ground_truth_assembler = FrameAssembler(frozenset(GROUND_TRUTH_TOPICS))
        self._ground_truth_buffer = GroundTruthBuffer(GROUND_TRUTH_TOLERANCE_S)
        for part, topic in topics.items():
            self.create_subscription(Image, f'{PERCEPTION}/{topic}', partial(self._on_image, part), QOS)
        for part, topic in GROUND_TRUTH_TOPICS.items():
            self.create_subscription(Image, topic, partial(self._on_ground_truth, part), QOS)
        self.create_subscription(DiagnosticArray, '/diagnostics', self._on_diagnostics, QOS)
        self._change_state = self.create_client(ChangeState, f'{PERCEPTION}/change_state')

    def ready(self) -> bool:
        """Whether the perception node answers."""
        return bool(self._change_state.service_is_ready())

    def request(self, transition: int) -> Any:
        """Ask for a transition; the future holds the answer."""
        return self._change_state.call_async(ChangeState.Request(transition=Transition(id=transition)))

    def value(self, status: str, key: str, default: str = '') -> str:
        """Return a value of the newest diagnostics."""
        return self.diagnostics.get(status, {}).get(key, default)

    def _on_image(self, part: str, message: Image) -> None:
        stamp_ns = to_ns(message.header.stamp)
        if part == self._timed_part:
            now_ns = int(self.get_clock().now().nanoseconds)
            self.latencies_ms.append((now_ns - stamp_ns - self._newest_sample_offset_ns) / 1e6)
            self.arrivals_s.append(time.monotonic())
        if self.frame_sampler.is_due(stamp_ns):
            parts = self._frame_assembler.add(stamp_ns, part, message)
            if parts is not None:
                self.frame_sampler.add(self._frame(stamp_ns, parts))

    def _frame(self, stamp_ns: int, parts: dict[str, Image]) -> DemoFrame:
        images: dict[str, NDArray[np.generic]] = {part: from_image(message) for part, message in parts.items()}
        return DemoFrame(
            stamp_ns=stamp_ns,
            depth_m=images.get('depth'),  # type: ignore[arg-type]
            labels=images.get('segmentation'),  # type: ignore[arg-type]
            confidence=images['confidence'],  # type: ignore[arg-type]
            spectrogram=images['spectrogram'],  # type: ignore[arg-type]
            ground_truth=self._ground_truth_buffer.nearest(stamp_ns),
        )

    def _on_ground_truth(self, part: str, message: Image) -> None:
        stamp_ns = to_ns(message.header.stamp)
        parts = self._ground_truth_assembler.add(stamp_ns, part, message)
        if parts is not None:
            self.ground_truth_count += 1
            self._ground_truth_buffer.add(
                GroundTruth(stamp_ns, from_image(parts['depth']), from_image(parts['segmentation']))
            )

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        self.diagnostics_count += 1
        for status in message.status:
            name = status.name.partition(': ')[2]
            values = {pair.key: pair.value for pair in status.values}
            self.diagnostics[name] = {**values, 'message': status.message}
