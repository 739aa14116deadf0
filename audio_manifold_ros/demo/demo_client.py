# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Client of the demo: receives predictions, ground truth and diagnostics, and measures latency."""

from __future__ import annotations

import time
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from sensor_msgs.msg import Image

from audio_manifold_ros.bag_evaluation.snapshots import SnapshotSampler
from audio_manifold_ros.bags.decoding.nearest_image import GROUND_TRUTH_TOLERANCE_NS, NearestImage
from audio_manifold_ros.common.units import NS_PER_S
from audio_manifold_ros.demo.demo_frame import DemoFrame, GroundTruth, TrueVehicles
from audio_manifold_ros.modalities.modality_images import image_fields, to_modality_images
from audio_manifold_ros.modalities.registry import MODALITIES, STORED_MODALITIES
from audio_manifold_ros.networks.vehicle_map import VEHICLES
from audio_manifold_ros.nodes.common.message_joiner import MessageJoiner
from audio_manifold_ros.nodes.common.messages import from_image, to_ns
from audio_manifold_ros.nodes.common.perception_client import (
    CONFIDENCE_TOPIC,
    HEAD_TOPICS,
    PERCEPTION,
    PerceptionClient,
)
from audio_manifold_ros.nodes.common.qos import IMAGE_QOS
from audio_manifold_ros.rig.derived_images import with_derived

if TYPE_CHECKING:
    from collections.abc import Callable

    from diagnostic_msgs.msg import DiagnosticArray
    from numpy.typing import NDArray

    from audio_manifold_ros.demo.vehicle_reader import VehicleReader
    from audio_manifold_ros.inference.bundle.manifest import Manifest

GROUND_TRUTH_TOPICS = {name: modality.ground_truth_topic for name, modality in STORED_MODALITIES.items()}


class DemoClient(PerceptionClient):
    """Receives images, and samples frames for contact sheet, video and scores.

    Attributes:
        frame_sampler: Sampled frames.
        latencies_ms: One per image: from the newest sample of the window to the arrival of the image.
        arrivals_s: Monotonic time of arrival of each image.
        ground_truth_count: Number of ground truth images so far.
        distance_ratios: Distances to the training features in the diagnostics, over the limit. Empty if unknown.

    """

    def __init__(
        self,
        manifest: Manifest,
        frame_sampler: SnapshotSampler[DemoFrame],
        check: Callable[[], None],
        vehicle_reader: VehicleReader | None = None,
    ) -> None:
        """Subscribe to the images of the heads of a bundle, and to the ground truth.

        Args:
            manifest: Manifest of the bundle.
            frame_sampler: Receives the frames.
            check: Called during each wait. It raises if waiting is pointless.
            vehicle_reader: Reader of the vehicles all round. None leaves them out.

        """
        self.frame_sampler = frame_sampler
        self._camera, self._modalities = manifest.camera, manifest.modalities
        self.latencies_ms: list[float] = []
        self.arrivals_s: list[float] = []
        self.ground_truth_count = 0
        self.distance_ratios: list[float] = []
        self._newest_sample_offset_ns = round(manifest.look_back_s * NS_PER_S)
        topics = {head: topic for head, topic in HEAD_TOPICS.items() if head in manifest.metric_modalities}
        self._timed_part = next(iter(topics), 'confidence')
        topics |= {'confidence': CONFIDENCE_TOPIC, 'spectrogram': 'spectrogram'}
        self._vehicle_reader = vehicle_reader
        parts = topics if vehicle_reader is None else {*topics, VEHICLES}
        self._joiner: MessageJoiner[Any] = MessageJoiner(parts)
        self._ground_truth_joiner: MessageJoiner[Image] = MessageJoiner(GROUND_TRUTH_TOPICS)
        self._ground_truth: NearestImage[GroundTruth] = NearestImage(GROUND_TRUTH_TOLERANCE_NS)
        self._true_vehicles: NearestImage[TrueVehicles] = NearestImage(GROUND_TRUTH_TOLERANCE_NS)
        on_image = {topic: partial(self._on_image, part) for part, topic in topics.items()}
        super().__init__('viewer', on_image, check, qos=IMAGE_QOS)
        for part, topic in GROUND_TRUTH_TOPICS.items():
            self.create_subscription(Image, topic, partial(self._on_ground_truth, part), IMAGE_QOS)
        if vehicle_reader is not None:
            for topic, callback in (
                (f'{PERCEPTION}/detections', partial(self._on_image, VEHICLES)),
                ('truth/detections', self._on_true_vehicles),
            ):
                self.create_subscription(vehicle_reader.message, topic, callback, IMAGE_QOS)

    def on_diagnostics(self, message: DiagnosticArray) -> None:
        """Store the newest diagnostics, and collect the distances to the training features."""
        super().on_diagnostics(message)
        with suppress(ValueError):  # 'unknown', or no prediction yet
            self.distance_ratios.append(float(self.value('predictions', 'distance_ratio')))

    def _on_image(self, part: str, message: Any) -> None:
        stamp_ns = to_ns(message.header.stamp)
        if part == self._timed_part:
            now_ns = int(self.get_clock().now().nanoseconds)
            self.latencies_ms.append((now_ns - stamp_ns - self._newest_sample_offset_ns) / 1e6)
            self.arrivals_s.append(time.monotonic())
        # Only due images are decoded.
        if self.frame_sampler.is_due(stamp_ns):
            parts = self._joiner.add(stamp_ns, part, message)
            if parts is not None:
                self.frame_sampler.add(stamp_ns, self._frame(stamp_ns, parts))

    def _frame(self, stamp_ns: int, parts: dict[str, Any]) -> DemoFrame:
        reader, detections = self._vehicle_reader, parts.pop(VEHICLES, None)
        true = self._true_vehicles.at(stamp_ns)
        images: dict[str, NDArray[Any]] = {part: from_image(message) for part, message in parts.items()}
        return DemoFrame(
            stamp_ns=stamp_ns,
            **image_fields({head: images[head] for head in MODALITIES if head in images}),
            confidence=images['confidence'],
            spectrogram=images['spectrogram'],
            ground_truth=self._ground_truth.at(stamp_ns),
            vehicles=None if reader is None else reader.read(detections),
            true_vehicles=() if true is None else true.vehicles,
        )

    def _on_true_vehicles(self, message: Any) -> None:
        if self._vehicle_reader is not None:
            vehicles = self._vehicle_reader.read(message)
            self._true_vehicles.add(TrueVehicles(to_ns(message.header.stamp), vehicles))

    def _on_ground_truth(self, part: str, message: Image) -> None:
        stamp_ns = to_ns(message.header.stamp)
        parts = self._ground_truth_joiner.add(stamp_ns, part, message)
        if parts is not None:
            self.ground_truth_count += 1
            received = to_modality_images({part: from_image(image) for part, image in parts.items()})
            images = with_derived(received, self._camera, self._modalities)
            self._ground_truth.add(GroundTruth(stamp_ns=stamp_ns, **image_fields(images.by_modality())))
