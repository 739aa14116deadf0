# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Bags for tests, with small numbered messages."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
from rosbags.rosbag2 import CompressionFormat, CompressionMode, StoragePlugin, Writer
from rosbags.typesys.store import Typestore

from audio_manifold_ros.bags.storage.bag_message import BagMessage
from audio_manifold_ros.bags.storage.bag_writer import BagWriter
from audio_manifold_ros.bags.storage.message_types import typestore

AUDIO = 'audio_manifold_msgs/msg/AudioBlock'
STRING = 'std_msgs/msg/String'
START_NS = 1_700_000_000_000_000_000
STEP_NS = 10_000_000
CUSTOM = {'audio_manifold_ros': '{"rig": "ü"}'}
QOS = """- history: 1
  depth: 5
  reliability: 1
  durability: 1
  deadline: {sec: 9223372036, nsec: 854775807}
  lifespan: {sec: 9223372036, nsec: 854775807}
  liveliness: 1
  liveliness_lease_duration: {sec: 9223372036, nsec: 854775807}
  avoid_ros_namespace_conventions: false
"""
Sent = tuple[str, int, bytes]


def text_message(text: str, store: Typestore | None = None) -> bytes:
    store = store or typestore()
    return bytes(store.serialize_cdr(store.types[STRING](data=text), STRING))


def audio_message(first_sample: int, frames: int = 4, channels: int = 2) -> bytes:
    store = typestore()
    time_ns = START_NS + first_sample
    stamp = store.types['builtin_interfaces/msg/Time'](sec=time_ns // 10**9, nanosec=time_ns % 10**9)
    message = store.types[AUDIO](
        header=store.types['std_msgs/msg/Header'](stamp=stamp, frame_id='mic_array_link'),
        sample_rate_hz=48_000,
        channel_count=channels,
        encoding='s16le',
        first_sample=first_sample,
        overflow=False,
        data=np.arange(frames * channels * 2, dtype=np.uint8),
    )
    return bytes(store.serialize_cdr(message, AUDIO))


def make_messages(number: int, size: int = 40) -> list[Sent]:
    """Return messages of two topics, each with random bytes and its number."""
    rng = random.Random(7)
    return [
        (
            '/audio' if place % 3 else '/words',
            START_NS + place * STEP_NS,
            b'\0\1\0\0%08d' % place + rng.randbytes(size),
        )
        for place in range(number)
    ]


def write_bag(folder: Path, sent: list[Sent], flush_every: int = 10, **options: Any) -> Path:
    """Write a bag in chunks of a known number of messages. The background flush is off."""
    with BagWriter(folder, CUSTOM, flush_s=3600, **options) as writer:
        writer.add_topic('/audio', AUDIO, QOS)
        writer.add_topic('/words', STRING)
        for place, (topic, time_ns, data) in enumerate(sent):
            writer.write(topic, data, time_ns)
            if place % flush_every == flush_every - 1:
                writer.flush()
    return folder


def write_bag_with_rosbags(
    folder: Path,
    sent: list[Sent],
    storage: StoragePlugin,
    compression: CompressionMode = CompressionMode.NONE,
    types: dict[str, str] | None = None,
) -> Path:
    """Write a bag with rosbags."""
    writer = Writer(folder, version=8, storage_plugin=storage)
    writer.set_compression(compression, CompressionFormat.ZSTD)
    types = types or {'/audio': AUDIO, '/words': STRING}
    with writer:
        connections = {
            name: writer.add_connection(name, kind, typestore=typestore(kind)) for name, kind in types.items()
        }
        for topic, time_ns, data in sent:
            writer.write(connections[topic], time_ns, data)
    return folder


def read(messages: Any) -> list[Sent]:
    """Return the content of messages, comparable with the sent messages."""
    return [(message.topic, message.time_ns, message.data) for message in messages if isinstance(message, BagMessage)]
