# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Bags for tests of evaluation, with modulated noise on eight microphones, ground truth images and stamp jitter."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from audio_manifold_ros.bags.storage.bag_writer import BagWriter
from audio_manifold_ros.bags.storage.message_types import typestore
from audio_manifold_ros.common.units import NS_PER_S

if TYPE_CHECKING:
    from collections.abc import Iterator

START_NS = 1_700_000_000 * NS_PER_S
AUDIO_TYPE, IMAGE_TYPE = 'audio_manifold_msgs/msg/AudioBlock', 'sensor_msgs/msg/Image'
RAW_TYPE, ARRAY_TYPE = 'foxglove_msgs/msg/RawAudio', 'std_msgs/msg/Int16MultiArray'
TF_TYPE, CHAT_TYPE = 'tf2_msgs/msg/TFMessage', 'std_msgs/msg/String'
SIZE = 128
RATE_HZ = 22_500


@dataclass(frozen=True)
class SoundBag:
    """Parameters of a bag.

    Attributes:
        seconds: Duration.
        lost: Indices of blocks that are missing.
        restart_block: Block at which the index restarts at 0, or None.
        image_rate_hz: Ground truth images per second.
        image_size: Rows and columns of the ground truth images.
        block_samples: Samples per block.
        rate_hz: Sample rate.
        jitter_ns: Largest error of a stamp.
        arrival_jitter_ns: Largest random delay of the receive time of an audio message; its order does not change.

    """

    seconds: float = 2.5
    lost: frozenset[int] = frozenset()
    restart_block: int | None = None
    image_rate_hz: float = 10.0
    image_size: tuple[int, int] = (SIZE, SIZE)
    block_samples: int = 256
    rate_hz: int = RATE_HZ
    jitter_ns: int = 400_000
    arrival_jitter_ns: int = 0
    custom: dict[str, str] = field(default_factory=dict)

    def write(self, folder: Path) -> Path:
        """Write the bag and return its folder."""
        store = typestore()
        with BagWriter(folder, custom=self.custom) as writer:
            for topic, kind in (
                ('/audio', AUDIO_TYPE),
                ('/truth/depth/image', IMAGE_TYPE),
                ('/truth/segmentation/image', IMAGE_TYPE),
                ('/chat', CHAT_TYPE),
                ('/tf', TF_TYPE),
            ):
                writer.add_topic(topic, kind)
            for time_ns, topic, kind, message in sorted(self._messages(), key=lambda entry: entry[0]):
                writer.write(topic, bytes(store.serialize_cdr(message, kind)), time_ns)
        return folder

    def write_raw_audio(self, folder: Path, topic: str) -> Path:
        """Write only the audio, as a message type without a sample index, and return the folder."""
        store = typestore(RAW_TYPE)
        with BagWriter(folder) as writer:
            writer.add_topic(topic, RAW_TYPE)
            for time_ns, _, _, message in self._audio(typestore().types):
                raw = store.types[RAW_TYPE](
                    timestamp=message.header.stamp,
                    data=message.data,
                    format='pcm-s16',
                    sample_rate=message.sample_rate_hz,
                    number_of_channels=message.channel_count,
                )
                writer.write(topic, bytes(store.serialize_cdr(raw, RAW_TYPE)), time_ns)
        return folder

    def write_multi_arrays(self, folder: Path, topic: str) -> Path:
        """Write only the audio, as arrays without a stated format, and return the folder."""
        types = typestore().types
        with BagWriter(folder) as writer:
            writer.add_topic(topic, ARRAY_TYPE)
            for time_ns, _, _, message in self._audio(types):
                layout = types['std_msgs/msg/MultiArrayLayout'](dim=[], data_offset=0)
                bare = types[ARRAY_TYPE](layout=layout, data=message.data.view(np.int16))
                writer.write(topic, bytes(typestore().serialize_cdr(bare, ARRAY_TYPE)), time_ns)
        return folder

    def samples(self) -> np.ndarray:
        """Return int16 (channel, sample)."""
        rng = np.random.default_rng(11)
        count = int(self.seconds * self.rate_hz)
        swell = 0.02 + 0.05 * np.sin(3 * np.arange(count) / self.rate_hz) ** 2
        return (rng.standard_normal((8, count)) * swell * 32768).clip(-32768, 32767).astype(np.int16)

    def _messages(self) -> Iterator[tuple[int, str, str, Any]]:
        types = typestore().types
        yield START_NS, '/tf', TF_TYPE, types[TF_TYPE](transforms=[])
        yield START_NS + NS_PER_S, '/chat', CHAT_TYPE, types[CHAT_TYPE](data='one second')
        yield from self._audio(types)
        for number in range(int(self.seconds * self.image_rate_hz)):
            stamp_ns = START_NS + round(number / self.image_rate_hz * NS_PER_S)
            rows, columns = self.image_size
            near_m = np.linspace(4, 60, rows, dtype=np.float32)[::-1, None] + np.zeros((1, columns), dtype=np.float32)
            near_m[: rows // 4] = np.nan
            labels = np.where(np.isnan(near_m), 10, 0).astype(np.uint8)
            labels[rows // 2 :, columns // 3 : columns // 2] = 13
            for topic, encoding, pixels in (
                ('/truth/depth/image', '32FC1', near_m),
                ('/truth/segmentation/image', 'mono8', labels),
            ):
                yield stamp_ns + 3_000_000, topic, IMAGE_TYPE, _image(types, stamp_ns, encoding, pixels)

    def _audio(self, types: Any) -> Iterator[tuple[int, str, str, Any]]:
        rng = np.random.default_rng(5)
        samples = self.samples()
        received_ns = 0
        for number in range(samples.shape[1] // self.block_samples):
            first = number * self.block_samples
            jitter_ns = int(rng.integers(-self.jitter_ns, self.jitter_ns + 1)) if self.jitter_ns else 0
            stamp_ns = START_NS + first * NS_PER_S // self.rate_hz + jitter_ns
            if number in self.lost:
                continue
            since = 0 if self.restart_block is None or number < self.restart_block else self.restart_block
            message = types[AUDIO_TYPE](
                header=_header(types, stamp_ns, 'mic_array_link'),
                sample_rate_hz=self.rate_hz,
                channel_count=8,
                encoding='s16le',
                first_sample=(number - since) * self.block_samples,
                overflow=False,
                data=np.frombuffer(samples[:, first : first + self.block_samples].T.tobytes(), dtype=np.uint8),
            )
            delay_ns = 1_000_000 + (int(rng.integers(0, self.arrival_jitter_ns)) if self.arrival_jitter_ns else 0)
            complete_ns = START_NS + (first + self.block_samples) * NS_PER_S // self.rate_hz
            received_ns = max(complete_ns + delay_ns, received_ns)
            yield received_ns, '/audio', AUDIO_TYPE, message


def _header(types: Any, stamp_ns: int, frame_id: str) -> Any:
    stamp = types['builtin_interfaces/msg/Time'](sec=stamp_ns // NS_PER_S, nanosec=stamp_ns % NS_PER_S)
    return types['std_msgs/msg/Header'](stamp=stamp, frame_id=frame_id)


def _image(types: Any, stamp_ns: int, encoding: str, pixels: np.ndarray) -> Any:
    return types[IMAGE_TYPE](
        header=_header(types, stamp_ns, 'camera_optical_frame'),
        height=pixels.shape[0],
        width=pixels.shape[1],
        encoding=encoding,
        is_bigendian=0,
        step=pixels.shape[1] * pixels.itemsize,
        data=np.frombuffer(np.ascontiguousarray(pixels).tobytes(), dtype=np.uint8),
    )
