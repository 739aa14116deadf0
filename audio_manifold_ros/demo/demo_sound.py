# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Sound of a demo: the mean of all channels, collected from the audio topic for the video."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from audio_manifold_msgs.msg import AudioBlock as AudioBlockMessage

from audio_manifold_ros.bag_evaluation.video_sound import write_sound
from audio_manifold_ros.common.errors import NodeError
from audio_manifold_ros.nodes.common.audio_messages import from_audio_message
from audio_manifold_ros.nodes.common.qos import AUDIO_QOS

if TYPE_CHECKING:
    from pathlib import Path

    from rclpy.node import Node

    from audio_manifold_ros.audio.block import AudioBlock

# 60 MB of mono sound at 25 kHz. A longer demo has no sound after it.
MAX_SOUND_S = 600.0


class DemoSound:
    """Mono blocks of the audio of a demo, in order of arrival."""

    def __init__(self) -> None:
        """Start without sound."""
        self._blocks: list[AudioBlock] = []
        self._collected_s = 0.0

    def subscribe(self, node: Node, topic: str) -> None:
        """Collect the blocks of a topic."""
        node.create_subscription(AudioBlockMessage, topic, self._on_message, AUDIO_QOS)

    def write(self, path: Path, start_ns: int, length_s: float) -> bool:
        """Write a WAV file that starts at an instant. Return whether it has any sound.

        Raises:
            BagError: The file cannot be written.

        """
        return write_sound(path, self._blocks, start_ns, length_s)

    def _on_message(self, message: AudioBlockMessage) -> None:
        if self._collected_s >= MAX_SOUND_S:
            return
        try:
            block = from_audio_message(message)
        except NodeError:
            return
        self._collected_s += block.samples.shape[1] / block.sample_rate_hz
        self._blocks.append(replace(block, samples=block.samples.mean(axis=0, keepdims=True)))
