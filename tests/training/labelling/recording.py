# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A short recording: pictures, with depth and class labels."""

from __future__ import annotations

import cv2
import numpy as np

from audio_manifold_ros.bags.storage.message_types import typestore
from audio_manifold_ros.common.class_ids import CLASS_NAMES

START_NS = 1_700_000_000_000_000_000
PERIOD_NS = 100_000_000
LATENCY_NS = 7_000_000  # between the header's stamp and the recording
FRAMES = 5
SKY_DEPTH_M = 70.0
IMAGE, COMPRESSED = 'sensor_msgs/msg/Image', 'sensor_msgs/msg/CompressedImage'


def picture(number: int) -> np.ndarray:
    """Return a picture with large shapes, uint8 (48, 96, 3), red first."""
    rng = np.random.default_rng(number)
    return cv2.resize(rng.integers(0, 256, (3, 6, 3), dtype=np.uint8), (96, 48), interpolation=cv2.INTER_CUBIC)


def stamps() -> list[int]:
    return [START_NS + number * PERIOD_NS for number in range(FRAMES)]


def header(stamp_ns: int) -> object:
    types = typestore().types
    stamp = types['builtin_interfaces/msg/Time'](sec=stamp_ns // 10**9, nanosec=stamp_ns % 10**9)
    return types['std_msgs/msg/Header'](stamp=stamp, frame_id='camera')


def image_message(stamp_ns: int, pixels: np.ndarray, encoding: str) -> bytes:
    message = typestore().types[IMAGE](
        header=header(stamp_ns),
        height=pixels.shape[0],
        width=pixels.shape[1],
        encoding=encoding,
        is_bigendian=0,
        step=pixels.strides[0],
        data=np.ascontiguousarray(pixels).view(np.uint8).reshape(-1),
    )
    return bytes(typestore().serialize_cdr(message, IMAGE))


def compressed_message(stamp_ns: int, pixels: np.ndarray) -> bytes:
    png = cv2.imencode('.png', pixels[..., ::-1])[1]
    message = typestore().types[COMPRESSED](header=header(stamp_ns), format='png', data=png.reshape(-1))
    return bytes(typestore().serialize_cdr(message, COMPRESSED))


def depth_image(number: int) -> np.ndarray:
    """Return metres, float32 (12, 16): the upper half far away, one pixel invalid."""
    depth_m = np.full((12, 16), 5.0 + number, dtype=np.float32)
    depth_m[:6] = SKY_DEPTH_M
    depth_m[-1, 0] = np.nan
    return depth_m


def label_image(number: int) -> np.ndarray:
    """Return class ids, uint8 (12, 16): sky above road, one pixel unlabelled."""
    labels = np.full((12, 16), CLASS_NAMES.index('sky'), dtype=np.uint8)
    labels[6:] = CLASS_NAMES.index('road')
    labels[-1, -1] = 255
    return labels
