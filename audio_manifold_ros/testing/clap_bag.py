# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Bags with claps in front of the camera of a rig."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.bags.decoding.audio_message_adapters import AUDIO_BLOCK_TYPE
from audio_manifold_ros.bags.storage.bag_writer import BagWriter
from audio_manifold_ros.bags.storage.message_types import typestore
from audio_manifold_ros.common.pcm16 import float_to_int16
from audio_manifold_ros.common.units import NS_PER_S
from audio_manifold_ros.testing.clap_pictures import Pictures

START_NS = 1_700_000_000 * NS_PER_S
BLOCK_SAMPLES = 512
AUDIO, CAMERA = '/audio', '/camera/image_raw'
AUDIO_TYPE, IMAGE_TYPE, JPEG_TYPE = (
    AUDIO_BLOCK_TYPE,
    'sensor_msgs/msg/Image',
    'sensor_msgs/msg/CompressedImage',
)

Fields = Mapping[str, Any]  # of a message, as rosbags takes them


@dataclass(frozen=True)
class ClapBag:
    """The audio and the pictures of a bag.

    Attributes:
        samples: f32 (channel, sample).
        sample_rate_hz: Sample rate.
        pictures: Grey uint8 (picture, row, column).
        stamps_s: Time stamps of the pictures relative to sample 0 (picture,).
        compressed: Whether the pictures are stored as PNG in CompressedImage messages.

    """

    samples: NDArray[np.float32]
    sample_rate_hz: int
    pictures: Pictures
    stamps_s: NDArray[np.float64]
    compressed: bool = False

    def write(self, folder: Path) -> None:
        """Write the bag."""
        messages = sorted([*self._audio(), *self._pictures()], key=lambda message: message[0])
        with BagWriter(folder) as bag:
            bag.add_topic(AUDIO, AUDIO_TYPE)
            bag.add_topic(CAMERA, JPEG_TYPE if self.compressed else IMAGE_TYPE)
            for time_ns, topic, data in messages:
                bag.write(topic, data, time_ns)

    def _audio(self) -> list[tuple[int, str, bytes]]:
        steps = float_to_int16(self.samples).astype('<i2')
        messages = []
        for first in range(0, steps.shape[1], BLOCK_SAMPLES):
            block = steps[:, first : first + BLOCK_SAMPLES]
            time_ns = START_NS + first * NS_PER_S // self.sample_rate_hz
            fields = {
                'header': _header(time_ns),
                'sample_rate_hz': self.sample_rate_hz,
                'channel_count': len(block),
                'encoding': 's16le',
                'first_sample': first,
                'overflow': False,
                'data': np.frombuffer(block.T.tobytes(), dtype=np.uint8),
            }
            messages.append(
                (time_ns + block.shape[1] * NS_PER_S // self.sample_rate_hz, AUDIO, _data(AUDIO_TYPE, fields))
            )
        return messages

    def _pictures(self) -> list[tuple[int, str, bytes]]:
        kind = JPEG_TYPE if self.compressed else IMAGE_TYPE
        messages = []
        for picture, stamp_s in zip(self.pictures, self.stamps_s.tolist(), strict=True):
            time_ns = START_NS + round(stamp_s * NS_PER_S)
            content = _png(picture) if self.compressed else _raw(picture)
            messages.append((time_ns, CAMERA, _data(kind, {'header': _header(time_ns), **content})))
        return messages


def _raw(picture: NDArray[np.uint8]) -> Fields:
    rows, columns = picture.shape
    return {
        'height': rows,
        'width': columns,
        'encoding': 'mono8',
        'is_bigendian': 0,
        'step': columns,
        'data': picture.reshape(-1),
    }


def _png(picture: NDArray[np.uint8]) -> Fields:
    return {'format': 'png', 'data': np.asarray(cv2.imencode('.png', picture)[1], dtype=np.uint8).reshape(-1)}


def _header(time_ns: int) -> Any:
    types = typestore().types
    stamp = types['builtin_interfaces/msg/Time'](sec=time_ns // NS_PER_S, nanosec=time_ns % NS_PER_S)
    return types['std_msgs/msg/Header'](stamp=stamp, frame_id='')


def _data(kind: str, fields: Fields) -> bytes:
    store = typestore()
    return bytes(store.serialize_cdr(store.types[kind](**fields), kind))
