# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Warning if the rig published by a recording differs from the rig of the node."""

from __future__ import annotations

import threading
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

    A thread of its own reads the messages, so that a text that takes long never delays the node. Only the newest
    message waits for it.

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
        self._changed = threading.Condition()
        self._newest: str | None = None
        self._is_ended = False
        self._thread = threading.Thread(target=self._read_messages, name='run metadata', daemon=True)
        self._thread.start()
        topic = f'{node.resolve_topic_name(audio_topic).rpartition("/")[0]}/{TOPIC}'
        self._subscription = node.create_subscription(String, topic, self._on_metadata, LATCHED_QOS)

    def destroy(self) -> None:
        """Unsubscribe, and end the thread after the message that it reads."""
        self._node.destroy_subscription(self._subscription)
        with self._changed:
            self._is_ended = True
            self._changed.notify()

    def _on_metadata(self, message: String) -> None:
        with self._changed:
            self._newest = message.data
            self._changed.notify()

    def _read_messages(self) -> None:
        last = None
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._is_ended or self._newest is not None)
                if self._is_ended:
                    return
                text, self._newest = self._newest, None
            if text is not None and text != last:
                last = text
                self._update_warning(self._compare(text))

    def _compare(self, text: str) -> str:
        try:
            recorded = RunMetadata.from_json(text).rig
            return '' if recorded is None else rig_mismatch(self._rig, recorded)
        except AudioManifoldError as error:
            return f'The rig in the metadata of the recording cannot be used: {error}'

    def _update_warning(self, warning: str) -> None:
        with self._changed:
            is_new = bool(warning) and warning != self.warning and not self._is_ended
            self.warning = warning
        if is_new:
            self._node.get_logger().warning(warning)
