# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Benchmark of conversion from bag to drive file: eight microphones at 48 kHz, labels of 128 × 128, one process."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rosbags.highlevel import AnyReader

from audio_manifold_ros.bags.conversion.bag_conversion import convert_bag
from audio_manifold_ros.bags.conversion.conversion_record import ConversionOptions
from audio_manifold_ros.bags.decoding.audio_message_adapters import AUDIO_BLOCK_TYPE
from audio_manifold_ros.bags.storage.bag_writer import BagWriter
from audio_manifold_ros.bags.storage.message_types import typestore
from audio_manifold_ros.common.resource_paths import resource_path
from audio_manifold_ros.common.units import NS_PER_S
from audio_manifold_ros.datasets.rig_files import RigFiles
from audio_manifold_ros.simulation.drive import Drive
from audio_manifold_ros.simulation.rig_parts import RIG
from benchmarks.harness.figure import Figure

START_NS = 1_700_000_000 * NS_PER_S
SECONDS = 60
REPEATS = 3
CHANNELS = 8
BLOCK_SAMPLES = 512
MIN_SPEED = 30
SEED = 950_003
IMAGE_TOPICS = {'/truth/depth/image': '32FC1', '/truth/segmentation/image': 'mono8'}


@dataclass(frozen=True)
class BagSpec:
    """Content of a bag."""

    what: str
    rate_hz: int
    image_rate_hz: int
    topics: tuple[str, ...]
    min_speed: float | None = None


BAG_SPECS = (
    BagSpec('48 kHz audio and labels at 10 Hz', 48_000, 10, ('/truth/segmentation/image',), MIN_SPEED),
    BagSpec('48 kHz audio and labels at 30 Hz', 48_000, 30, ('/truth/segmentation/image',), MIN_SPEED),
    BagSpec('48 kHz audio, depth and labels at 10 Hz', 48_000, 10, tuple(IMAGE_TOPICS)),
    BagSpec('22.5 kHz audio, depth and labels at 10 Hz', 22_500, 10, tuple(IMAGE_TOPICS)),
)


def measure() -> list[Figure]:
    """Return the figures of conversion."""
    return [_speed(spec) for spec in BAG_SPECS]


def _speed(spec: BagSpec) -> Figure:
    rig = RigFiles.from_folder(resource_path(RIG))
    with tempfile.TemporaryDirectory() as folder:
        bag = Path(folder) / 'bag'
        _write_bag(bag, spec)

        def convert(number: int) -> None:
            convert_bag(bag, Path(folder) / f'out_{number}', rig, ConversionOptions())

        convert(0)
        ours_s = median([_cpu_time_s(convert, number) for number in range(1, REPEATS + 1)])
        read_s = median([_cpu_time_s(_decode_all, bag) for _ in range(REPEATS)])
    speed, read = SECONDS / ours_s, SECONDS / read_s
    target = '' if spec.min_speed is None else f'at least {spec.min_speed:g}'
    met = None if spec.min_speed is None else speed >= spec.min_speed
    unit = 's of recording per s of processor time'
    return Figure(spec.what, speed, unit, 'rosbags, only reading it', read, speed / read, target, met)


def _cpu_time_s(call: Callable[[Any], None], argument: Any) -> float:
    started = process_time()
    call(argument)
    return process_time() - started


def _decode_all(bag: Path) -> None:
    """Decode every message once without using it."""
    with AnyReader([bag], default_typestore=typestore()) as reader:
        for connection, _, data in reader.messages():
            reader.deserialize(data, connection.msgtype)


def _write_bag(folder: Path, spec: BagSpec) -> None:
    rng = np.random.default_rng(0)
    pictures = [_pictures(Drive(SEED), time_s) for time_s in np.linspace(0, 9, 10)]
    events: list[tuple[int, str, bytes]] = []
    for first in range(0, SECONDS * spec.rate_hz, BLOCK_SAMPLES):
        steps = np.rint(rng.normal(0, 1000, (BLOCK_SAMPLES, CHANNELS))).astype('<i2')
        events.append((START_NS + first * NS_PER_S // spec.rate_hz, '/audio', _audio(steps, first, spec.rate_hz)))
    for number in range(SECONDS * spec.image_rate_hz):
        stamp_ns = START_NS + round((number + 0.5) * NS_PER_S / spec.image_rate_hz)
        images = pictures[number % len(pictures)]
        events.extend((stamp_ns, topic, _image(images[topic], IMAGE_TOPICS[topic], stamp_ns)) for topic in spec.topics)
    with BagWriter(folder) as bag:
        bag.add_topic('/audio', AUDIO_BLOCK_TYPE)
        for topic in spec.topics:
            bag.add_topic(topic, 'sensor_msgs/msg/Image')
        for time_ns, topic, data in sorted(events, key=lambda event: event[0]):
            bag.write(topic, data, time_ns)


def _pictures(drive: Drive, time_s: float) -> dict[str, NDArray[Any]]:
    return dict(zip(IMAGE_TOPICS, drive.image(float(time_s)), strict=True))


def _audio(steps: NDArray[Any], first: int, rate_hz: int) -> bytes:
    return _serialized(
        AUDIO_BLOCK_TYPE,
        header=_header(START_NS + first * NS_PER_S // rate_hz),
        sample_rate_hz=rate_hz,
        channel_count=CHANNELS,
        encoding='s16le',
        first_sample=first,
        overflow=False,
        data=np.frombuffer(steps.tobytes(), dtype=np.uint8),
    )


def _image(pixels: NDArray[Any], encoding: str, stamp_ns: int) -> bytes:
    height, width = pixels.shape
    return _serialized(
        'sensor_msgs/msg/Image',
        header=_header(stamp_ns),
        height=height,
        width=width,
        encoding=encoding,
        is_bigendian=0,
        step=width * pixels.itemsize,
        data=np.frombuffer(pixels.tobytes(), dtype=np.uint8),
    )


def _header(stamp_ns: int) -> Any:
    types = typestore().types
    stamp = types['builtin_interfaces/msg/Time'](sec=stamp_ns // NS_PER_S, nanosec=stamp_ns % NS_PER_S)
    return types['std_msgs/msg/Header'](stamp=stamp, frame_id='')


def _serialized(kind: str, **fields: Any) -> bytes:
    store = typestore()
    return bytes(store.serialize_cdr(store.types[kind](**fields), kind))
