# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Publishers of the outputs for robots. Each output is computed only while its topic has subscribers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rclpy.qos_overriding_options import QoSOverridingOptions

from audio_manifold_ros.nodes.common.qos import IMAGE_QOS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rclpy.lifecycle import LifecycleNode, LifecyclePublisher

    from audio_manifold_ros.nodes.perception.predicted_images import PredictedImages
    from audio_manifold_ros.nodes.perception.robot_output_messages import RobotOutput


class RobotPublishers:
    """Publishers of outputs for robots.

    Args:
        node: The lifecycle node.
        outputs: The outputs, each with a topic of its own.

    """

    def __init__(self, node: LifecycleNode, outputs: Sequence[RobotOutput]) -> None:
        """Create the publishers."""
        self._node = node
        self._publishers: list[tuple[LifecyclePublisher, RobotOutput]] = []
        try:
            for output in outputs:
                overriding = QoSOverridingOptions.with_default_policies()
                publisher = node.create_lifecycle_publisher(
                    output.message, output.topic, IMAGE_QOS, qos_overriding_options=overriding
                )
                self._publishers.append((publisher, output))
        except Exception:
            self.destroy()
            raise

    def destroy(self) -> None:
        """Remove all publishers from the node."""
        for publisher, _ in self._publishers:
            self._node.destroy_lifecycle_publisher(publisher)
        self._publishers.clear()

    def publish(self, images: PredictedImages) -> None:
        """Publish the outputs that have subscribers."""
        for publisher, output in self._publishers:
            if publisher.get_subscription_count() > 0:
                publisher.publish(output.make(images))
