# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Warning if the rig published by a recording differs from the rig of the node."""

from __future__ import annotations

from typing import TYPE_CHECKING

from std_msgs.msg import String

from audio_manifold_ros.bags.decoding.rig_mismatch import rig_mismatch
from audio_manifold_ros.bags.decoding.run_metadata import TOPIC, RunMetadata
from audio_manifold_ros.common.errors import AudioManifoldError
from audio_manifold_ros.nodes.common.qos import LATCHED_QOS

if TYPE_CHECKING:
    from rclpy.node import Node

    from audio_manifold_ros.datasets.rig_files import RigFiles


class RigMismatchMonitor:
    """Comparison of the node's rig with the rig in `run_metadata` messages.

    Attributes:
        warning: Description of the differences, or an empty string.

    """

    def __init__(self, node: Node, audio_topic: str, rig: RigFiles) -> None:
        """Subscribe to `run_metadata` in the namespace of the audio topic.

        Args:
            node: The node that subscribes and logs.
            audio_topic: Topic of the audio.
            rig: The rig of the node.

        """
        self._node, self._rig = node, rig
        self.warning = ''
        topic = f'{node.resolve_topic_name(audio_topic).rpartition("/")[0]}/{TOPIC}'
        self._subscription = node.create_subscription(String, topic, self._on_metadata, LATCHED_QOS)

    def destroy(self) -> None:
        """Unsubscribe."""
        self._node.destroy_subscription(self._subscription)

    def _on_metadata(self, message: String) -> None:
        try:
            recorded = RunMetadata.from_json(message.data).rig
            warning = '' if recorded is None else rig_mismatch(self._rig, recorded)
        except AudioManifoldError as error:
            warning = f'The rig in the metadata of the recording cannot be used: {error}'
        if warning and warning != self.warning:
            self._node.get_logger().warning(warning)
        self.warning = warning
