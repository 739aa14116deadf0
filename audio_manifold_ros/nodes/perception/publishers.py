# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Publishers of the perception node.

Images for people (colours, spectrogram) and outputs for robots are made only while their topic has subscribers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from audio_manifold_msgs.msg import AudioBlock as AudioBlockMessage
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.qos import QoSProfile
from rclpy.qos_overriding_options import QoSOverridingOptions
from sensor_msgs.msg import Image
from std_msgs.msg import Header, String

from audio_manifold_ros.features.spectrograms import level_spectrograms
from audio_manifold_ros.nodes.common.audio_messages import to_audio_message
from audio_manifold_ros.nodes.common.messages import to_header, to_image, to_labels_json
from audio_manifold_ros.nodes.common.qos import AUDIO_QOS, IMAGE_QOS, LATCHED_QOS
from audio_manifold_ros.nodes.perception.image_outputs import IMAGE_OUTPUTS
from audio_manifold_ros.nodes.perception.microphone_messages import to_microphones
from audio_manifold_ros.nodes.perception.predicted_images import PredictedImages
from audio_manifold_ros.nodes.perception.robot_output_messages import RobotOutput
from audio_manifold_ros.nodes.perception.robot_publishers import RobotPublishers
from audio_manifold_ros.nodes.perception.spectrogram import spectrogram_image

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray
    from rclpy.lifecycle import LifecycleNode, LifecyclePublisher
    from rclpy.publisher import Publisher

    from audio_manifold_ros.audio.block import AudioBlock
    from audio_manifold_ros.inference.bundle.manifest import Manifest
    from audio_manifold_ros.inference.bundle.prediction import Prediction
    from audio_manifold_ros.rig.rig import MicrophoneArray


class PredictionPublishers:
    """Publishers of all outputs of a bundle.

    Args:
        node: The lifecycle node. While it is not active, only the latched class list is published.
        manifest: Manifest of the bundle, with its heads, classes and camera.
        camera_frame: Frame of the images.
        array: The microphone array, with microphone names and frame.
        outputs: Outputs for robots.
        offset_ns: Added to the stamps of predictions to convert them to the camera's clock. Audio keeps its stamps.

    """

    def __init__(
        self,
        node: LifecycleNode,
        manifest: Manifest,
        camera_frame: str,
        array: MicrophoneArray,
        outputs: Sequence[RobotOutput],
        offset_ns: int = 0,
    ) -> None:
        """Create the publishers and publish the latched class list."""
        self._node = node
        self._spec = manifest.features
        self._camera_frame, self._array_frame = camera_frame, array.frame_id
        self._offset_ns = offset_ns
        self._microphones = tuple((mic.name, mic.device_channel) for mic in array.microphones)
        self._outputs = {name: make(manifest) for name, make in IMAGE_OUTPUTS.items() if name in manifest.modalities}
        self._managed: dict[str, LifecyclePublisher] = {}
        self._latched: list[Publisher] = []
        self._robot: RobotPublishers | None = None
        topics: dict[str, tuple[Any, QoSProfile]] = {
            '~/confidence/image': (Image, IMAGE_QOS),
            '~/spectrogram': (Image, IMAGE_QOS),
            '~/audio': (AudioBlockMessage, AUDIO_QOS),
            '~/microphones': (DiagnosticArray, IMAGE_QOS),
        }
        for output in self._outputs.values():
            topics |= {topic: (kind, IMAGE_QOS) for topic, kind in output.topics.items()}
        try:
            for topic, (kind, qos) in topics.items():
                self._managed[topic] = node.create_lifecycle_publisher(
                    kind, topic, qos, qos_overriding_options=QoSOverridingOptions.with_default_policies()
                )
            self._robot = RobotPublishers(node, outputs)
            if manifest.classes:
                self._latch({entry.id: entry.name for entry in manifest.classes})
        except Exception:
            self.destroy()
            raise

    def destroy(self) -> None:
        """Remove all publishers from the node."""
        for managed in self._managed.values():
            self._node.destroy_lifecycle_publisher(managed)
        for latched in self._latched:
            self._node.destroy_publisher(latched)
        if self._robot is not None:
            self._robot.destroy()
        self._managed.clear()
        self._latched.clear()

    def needs_features(self) -> bool:
        """Return True if the spectrogram has subscribers."""
        return self._has_subscribers('~/spectrogram')

    def publish(self, prediction: Prediction) -> None:
        """Publish the images of a prediction."""
        stamp_ns = prediction.stamp_ns + self._offset_ns
        header = to_header(stamp_ns, self._camera_frame)
        for modality, output in self._outputs.items():
            if prediction.image(modality) is not None:
                output.publish(self, prediction, header)
        if prediction.confidence is not None:
            self.publish_message('~/confidence/image', to_image(prediction.confidence, '32FC1', header))
        stamp = to_header(stamp_ns, self._array_frame)
        features = prediction.features
        if features is not None:  # None if the topic had no subscribers when the prediction was computed
            self.publish_if_subscribed('~/spectrogram', lambda: to_image(self._spectrogram(features), 'mono8', stamp))
        self.publish_if_subscribed('~/microphones', lambda: to_microphones(self._microphones, prediction, stamp))
        # Last, because they take the most time.
        if self._robot is not None and prediction.confidence is not None:
            shown = prediction.depth_m, prediction.labels, prediction.confidence
            images = PredictedImages(*shown, stamp_ns, prediction.vehicles)
            self._robot.publish(images)

    def publish_audio(self, block: AudioBlock) -> None:
        """Publish a block of audio as received from the source."""
        self.publish_message('~/audio', to_audio_message(block, self._array_frame))

    def _spectrogram(self, features: NDArray[np.float32]) -> NDArray[np.uint8]:
        return spectrogram_image(level_spectrograms(features, self._spec))

    def publish_message(self, topic: str, message: Any) -> None:
        """Publish a message on a topic of the node."""
        self._managed[topic].publish(message)

    def publish_if_subscribed(self, topic: str, make: Callable[[], Any]) -> None:
        """Make and publish a message if the topic has subscribers."""
        if self._has_subscribers(topic):
            self._managed[topic].publish(make())

    def _has_subscribers(self, topic: str) -> bool:
        return bool(self._managed[topic].get_subscription_count() > 0)

    def _latch(self, names: dict[int, str]) -> None:
        self._add_latched(String, '~/segmentation/labels_json', to_labels_json(names))
        try:
            from vision_msgs.msg import LabelInfo, VisionClass
        except ImportError:
            return
        classes: Sequence[Any] = [VisionClass(class_id=i, class_name=name) for i, name in sorted(names.items())]
        now = self._node.get_clock().now().to_msg()
        header = Header(stamp=now, frame_id=self._camera_frame)
        self._add_latched(LabelInfo, '~/segmentation/label_info', LabelInfo(header=header, class_map=classes))

    def _add_latched(self, kind: Any, topic: str, message: Any) -> None:
        publisher = self._node.create_publisher(kind, topic, LATCHED_QOS)
        publisher.publish(message)
        self._latched.append(publisher)
