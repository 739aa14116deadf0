# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The parameters of the recorder, one dataclass per concern."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from audio_manifold_ros.nodes.common.parameters import parameter

TOPICS = (
    'audio',
    'camera/image/compressed',
    'camera/image',
    'camera/camera_info',
    'depth/image',
    'depth/camera_info',
    'truth/depth/image',
    'truth/depth/camera_info',
    'truth/segmentation/image',
    '/tf',
    '/tf_static',
)


@dataclass(frozen=True)
class RecordParameters:
    """What is recorded, where to, and for how long."""

    PREFIX: ClassVar[str] = ''
    folder: str = parameter('recordings', 'Folder that the folder of the bag is made in.', read_only=True)
    name: str = parameter('', 'Name of the bag; empty for one made of date and time.', read_only=True)
    rig: str = parameter('', 'Folder with mic_array.yaml, camera.yaml and extrinsics.yaml.', read_only=True)
    topics: tuple[str, ...] = parameter(TOPICS, 'Topics to record, as soon as somebody publishes them.', read_only=True)
    duration_s: float = parameter(
        0.0, 'Seconds to record; 0 until interrupted.', minimum=0.0, maximum=1e6, read_only=True
    )
    split_s: float = parameter(
        300.0, 'A new file is begun after so many seconds; 0 never.', minimum=0.0, maximum=1e6, read_only=True
    )
    split_mb: int = parameter(
        0, 'A new file is begun after so many megabytes; 0 never.', minimum=0, maximum=10**7, read_only=True
    )
    reserve_mb: int = parameter(
        500, 'Recording stops when less is free on the disk.', minimum=0, maximum=10**7, read_only=True
    )


@dataclass(frozen=True)
class PreflightParameters:
    """What must hold before the recording begins."""

    PREFIX: ClassVar[str] = 'preflight'
    mode: str = parameter(
        'strict',
        'strict refuses to record what lacks something, warn only says so, skip begins at once.',
        choices=('strict', 'warn', 'skip'),
        read_only=True,
    )
    required: tuple[str, ...] = parameter(
        ('audio',), 'Topics that must be there, with a least rate if wanted: camera/image@25.', read_only=True
    )
    seconds: float = parameter(3.0, 'How long topics are watched.', minimum=1.5, maximum=60.0, read_only=True)
    timeout_s: float = parameter(
        10.0, 'How long required topics are waited for.', minimum=0.0, maximum=600.0, read_only=True
    )
    minutes: float = parameter(
        10.0, 'Length of the drive that the disk must hold.', minimum=0.0, maximum=10_000.0, read_only=True
    )


@dataclass(frozen=True)
class DeviceParameters:
    """A sound device that the recorder captures itself."""

    PREFIX: ClassVar[str] = 'device'
    name: str = parameter('', 'Name of the device, or a part of it; empty for audio from topics.', read_only=True)
    rate_hz: int = parameter(48_000, 'Rate that it is opened with.', minimum=4_000, maximum=768_000, read_only=True)
    channels: int = parameter(8, 'Channels that it is opened with.', minimum=1, maximum=256, read_only=True)
    block_samples: int = parameter(512, 'Samples of one message.', minimum=32, maximum=8192, read_only=True)
    topic: str = parameter('audio', 'Topic that its sound is recorded under.', read_only=True)


PARAMETER_GROUPS = (RecordParameters, PreflightParameters, DeviceParameters)
