# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Process with the sensors of a car: microphones, a camera and a depth camera at full rates."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from audio_manifold_msgs.msg import AudioBlock as AudioBlockMessage
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.qos import QoSProfile
from sensor_msgs.msg import CompressedImage, Image

from audio_manifold_ros.common.units import NS_PER_S
from audio_manifold_ros.nodes.common.messages import to_bytes, to_header, to_image, to_time
from audio_manifold_ros.nodes.common.qos import AUDIO_QOS
from audio_manifold_ros.nodes.common.run_node import run_node

RATE_HZ, CHANNELS, BLOCK_SAMPLES = 48_000, 8, 480
IMAGE_RATE_HZ = 30
JPEG_SHAPE, DEPTH_SHAPE = (720, 1280), (480, 640)
JPEG_QUALITY = 90
VARIANTS = 8
# Default of camera drivers: reliable, ten messages.
CAMERA = QoSProfile(depth=10)  # type: ignore[no-untyped-call]
# topic: messages a second
RATES_HZ = {
    '/audio': RATE_HZ // BLOCK_SAMPLES,
    '/camera/image/compressed': IMAGE_RATE_HZ,
    '/depth/image': IMAGE_RATE_HZ,
}


@dataclass
class SensorStream:
    """A topic whose messages are sent in turns, with stamps on an exact time grid."""

    publisher: Publisher
    messages: list[Any]
    rate_hz: int
    sent: int = 0

    def due_s(self) -> float:
        """Return the due time of the next message, relative to the start."""
        return self.sent / self.rate_hz

    def send(self, start_ns: int) -> None:
        """Send the next message."""
        message = self.messages[self.sent % len(self.messages)]
        message.header.stamp = to_time(start_ns + self.sent * NS_PER_S // self.rate_hz)
        if isinstance(message, AudioBlockMessage):
            message.first_sample = self.sent * BLOCK_SAMPLES
        self.publisher.publish(message)
        self.sent += 1


class Sensors(Node):
    """Publisher of `audio`, `camera/image/compressed` and `depth/image`. Late messages are sent, too."""

    def __init__(self) -> None:
        """Create the messages and start."""
        super().__init__('sensors')
        rng = np.random.default_rng(0)
        self._streams = [
            self._stream(AudioBlockMessage, 'audio', AUDIO_QOS, lambda: _sound(rng)),
            self._stream(CompressedImage, 'camera/image/compressed', CAMERA, lambda: _jpeg(rng)),
            self._stream(Image, 'depth/image', CAMERA, lambda: _depth(rng)),
        ]
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def destroy_node(self) -> None:
        """Stop, then release the node."""
        self._stop.set()
        self._thread.join()
        super().destroy_node()  # type: ignore[no-untyped-call]

    def _stream(self, kind: Any, topic: str, qos: Any, make: Callable[[], Any]) -> SensorStream:
        publisher = self.create_publisher(kind, topic, qos)
        return SensorStream(publisher, [make() for _ in range(VARIANTS)], RATES_HZ[f'/{topic}'])

    def _run(self) -> None:
        start_s, start_ns = time.monotonic(), time.time_ns()
        stream = self._streams[0]
        while not self._stop.wait(max(0.0, start_s + stream.due_s() - time.monotonic())):
            stream.send(start_ns)
            stream = min(self._streams, key=SensorStream.due_s)


def _sound(rng: np.random.Generator) -> AudioBlockMessage:
    samples = (rng.standard_normal((BLOCK_SAMPLES, CHANNELS)) * 1000).astype('<i2')
    form = {'sample_rate_hz': RATE_HZ, 'channel_count': CHANNELS, 'encoding': AudioBlockMessage.S16LE}
    return AudioBlockMessage(header=to_header(0, 'mic_array_link'), data=to_bytes(samples), **form)


def _jpeg(rng: np.random.Generator) -> CompressedImage:
    coarse = rng.integers(0, 255, (JPEG_SHAPE[0] // 16, JPEG_SHAPE[1] // 16, 3), dtype=np.uint8)
    pixels = cv2.resize(coarse, JPEG_SHAPE[::-1], interpolation=cv2.INTER_CUBIC).astype(np.int16)
    pixels += rng.integers(-6, 7, pixels.shape, dtype=np.int16)
    _, data = cv2.imencode('.jpg', pixels.clip(0, 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return CompressedImage(header=to_header(0, 'camera_optical_frame'), format='jpeg', data=to_bytes(data))


def _depth(rng: np.random.Generator) -> Image:
    return to_image(rng.uniform(1, 80, DEPTH_SHAPE).astype(np.float32), '32FC1', to_header(0, 'camera_optical_frame'))


def main(arguments: list[str] | None = None) -> None:
    """Publish until interrupted."""
    run_node(Sensors, arguments)


if __name__ == '__main__':
    main()
