# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Publisher of deterministic audio and images, so that a test can check every recorded byte."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import numpy as np
from audio_manifold_msgs.msg import AudioBlock as AudioBlockMessage
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CompressedImage
from std_msgs.msg import String

from audio_manifold_ros.audio.block import AudioBlock
from audio_manifold_ros.common.pcm16 import STEPS_PER_UNIT
from audio_manifold_ros.common.units import NS_PER_S
from audio_manifold_ros.nodes.common.audio_messages import to_audio_message
from audio_manifold_ros.nodes.common.messages import to_bytes, to_header
from audio_manifold_ros.nodes.common.qos import AUDIO_QOS, LATCHED_QOS

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from rclpy.node import Node

RATE_HZ, CHANNELS, BLOCK = 16_000, 8, 320
BLOCKS_PER_IMAGE = 5
BEST_EFFORT = QoSProfile(depth=10, reliability=ReliabilityPolicy.BEST_EFFORT)


def audio_samples(first: int, count: int) -> NDArray[np.int16]:
    """Return samples `first` to `first + count`, int16 (channel, sample)."""
    index = np.arange(first, first + count)
    return np.stack([(index * (7 + channel) + 1000 * channel) % 20_011 - 10_005 for channel in range(CHANNELS)]).astype(
        np.int16
    )


def image_payload(number: int, size_bytes: int) -> NDArray[np.uint8]:
    """Return the bytes of image `number`."""
    return (np.arange(size_bytes) + 31 * number).astype(np.uint8)


class CarPublisher:
    """Publisher of `audio` (reliable), `camera/image/compressed` (best effort) and the latched `note`.

    Attributes:
        samples: Samples published so far.
        image_count: Images published so far.
        max_stall_s: Longest delay of the publishing thread, which measures the load of the machine.

    """

    def __init__(
        self, node: Node, *, dead_channel: int | None = None, image_bytes: int = 20_000, stamp_offset_ns: int = 0
    ) -> None:
        self.samples = self.image_count = 0
        self.max_stall_s = 0.0
        self._dead_channel = dead_channel
        self._image_bytes = image_bytes
        self._stamp_offset_ns = stamp_offset_ns
        self._audio = node.create_publisher(AudioBlockMessage, 'audio', AUDIO_QOS)
        self._camera = node.create_publisher(CompressedImage, 'camera/image/compressed', BEST_EFFORT)
        self._note = node.create_publisher(String, 'note', LATCHED_QOS)
        self._note.publish(String(data='parked'))
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._drive, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def _drive(self) -> None:
        started_s, started_ns = time.monotonic(), time.time_ns() + self._stamp_offset_ns
        woken_s = started_s
        while not self._stop.wait(0.01):
            self.max_stall_s = max(self.max_stall_s, time.monotonic() - woken_s - 0.01)
            woken_s = time.monotonic()
            while self.samples + BLOCK <= (time.monotonic() - started_s) * RATE_HZ:
                self._publish(started_ns + self.samples * NS_PER_S // RATE_HZ)

    def _publish(self, stamp_ns: int) -> None:
        samples: Any = audio_samples(self.samples, BLOCK) / STEPS_PER_UNIT
        if self._dead_channel is not None:
            samples[self._dead_channel] = 0
        block = AudioBlock(samples, self.samples, RATE_HZ, stamp_ns)
        self._audio.publish(to_audio_message(block, 'mic_array_link'))
        self.samples += BLOCK
        if self.samples // BLOCK % BLOCKS_PER_IMAGE == 0:
            header = to_header(stamp_ns, 'camera_optical_frame')
            data = to_bytes(image_payload(self.image_count, self._image_bytes))
            self._camera.publish(CompressedImage(header=header, format='jpeg', data=data))
            self.image_count += 1
