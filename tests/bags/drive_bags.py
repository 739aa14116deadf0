# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Bags for tests of conversion, with noise, and with images that encode their time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.bags.decoding.run_metadata import CUSTOM_KEY, RunMetadata
from audio_manifold_ros.bags.storage.bag_writer import BagWriter
from audio_manifold_ros.bags.storage.message_types import typestore
from audio_manifold_ros.common.units import NS_PER_S
from audio_manifold_ros.datasets.rig_files import RigFiles

EPOCH_NS = 1_700_000_000 * NS_PER_S
RIG = RigFiles.from_folder(Path(__file__).parents[2] / 'calibration' / 'roof_octagon')
IMAGE = 'sensor_msgs/msg/Image'
BLOCK = 'audio_manifold_msgs/msg/AudioBlock'


def sound(samples: int, seed: int = 5) -> NDArray[np.int16]:
    """Return int16 (8, sample) noise."""
    return np.random.default_rng(seed).integers(-9000, 9000, (8, samples), dtype=np.int16)


def header(stamp_ns: int) -> Any:
    types = typestore().types
    stamp = types['builtin_interfaces/msg/Time'](sec=stamp_ns // NS_PER_S, nanosec=stamp_ns % NS_PER_S)
    return types['std_msgs/msg/Header'](stamp=stamp, frame_id='f')


def serialized(kind: str, **fields: Any) -> bytes:
    store = typestore(kind)
    return bytes(store.serialize_cdr(store.types[kind](**fields), kind))


def audio_message(
    samples: NDArray[Any], first: int, rate_hz: int, epoch_ns: int = EPOCH_NS, index: int | None = None
) -> bytes:
    return serialized(
        BLOCK,
        header=header(epoch_ns + first * NS_PER_S // rate_hz),
        sample_rate_hz=rate_hz,
        channel_count=len(samples),
        encoding='f32le' if samples.dtype == np.float32 else 's16le',
        first_sample=first if index is None else index,
        overflow=False,
        data=np.frombuffer(samples.T.tobytes(), dtype=np.uint8),
    )


def image_message(pixels: NDArray[Any], encoding: str, stamp_ns: int) -> bytes:
    height, width = pixels.shape
    return serialized(
        IMAGE,
        header=header(stamp_ns),
        height=height,
        width=width,
        encoding=encoding,
        is_bigendian=0,
        step=width * pixels.itemsize,
        data=np.frombuffer(np.ascontiguousarray(pixels).tobytes(), dtype=np.uint8),
    )


def depth_of(time_s: float) -> NDArray[np.float32]:
    """Return depth (12, 16) that encodes its time: 1 m plus 1 m per second."""
    return np.full((12, 16), 1 + time_s, dtype=np.float32)


def labels_of(number: int) -> NDArray[np.uint8]:
    return np.full((12, 16), number % 19, dtype=np.uint8)


def write_bag(
    folder: Path,
    samples: NDArray[np.int16],
    image_times_s: Iterable[float],
    *,
    rate_hz: int = 22_500,
    lost: Iterable[int] = (),
    wrong_index: int = -1,
    unstamped_block: int = -1,
    block: int = 450,
    label_shift_s: float = 0.0,
    depth_shifts_s: Mapping[int, float] | None = None,
    labels_shifts_s: Mapping[int, float] | None = None,
    with_rig: bool = True,
    epoch_images_ns: int = EPOCH_NS,
) -> Path:
    """Write audio with missing blocks, and depth and labels, some of them with a wrong stamp or index."""
    wrong_depth_s, wrong_labels_s = depth_shifts_s or {}, labels_shifts_s or {}
    metadata = RunMetadata(RIG if with_rig else None, 'test', EPOCH_NS, 'recorder', {}).to_json()
    events = []
    for number, first in enumerate(range(0, samples.shape[1], block)):
        if number in set(lost):
            continue
        epoch_ns = EPOCH_NS if number != unstamped_block else -first * NS_PER_S // rate_hz
        index = 2**63 + 5 if number == wrong_index else None
        data = audio_message(samples[:, first : first + block], first, rate_hz, epoch_ns, index)
        events.append((EPOCH_NS + (first + block) * NS_PER_S // rate_hz, '/audio', data))
    for number, time_s in enumerate(image_times_s):
        stamp_ns = epoch_images_ns + round(time_s * NS_PER_S)
        shifted_ns = stamp_ns + round(label_shift_s * NS_PER_S)
        depth_ns = stamp_ns + round(wrong_depth_s.get(number, 0) * NS_PER_S)
        labels_ns = shifted_ns + round(wrong_labels_s.get(number, 0) * NS_PER_S)
        events.append((stamp_ns, '/truth/depth/image', image_message(depth_of(time_s), '32FC1', depth_ns)))
        events.append((shifted_ns, '/truth/segmentation/image', image_message(labels_of(number), 'mono8', labels_ns)))
    kinds = {'/audio': BLOCK, '/truth/depth/image': IMAGE, '/truth/segmentation/image': IMAGE}
    with BagWriter(folder, {CUSTOM_KEY: metadata}) as bag:
        for topic, kind in kinds.items():
            bag.add_topic(topic, kind)
        for time_ns, topic, data in sorted(events, key=lambda event: event[0]):
            bag.write(topic, data, time_ns)
    return folder
