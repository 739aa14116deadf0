# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Parameters of the recorder, one dataclass per group."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from audio_manifold_ros.nodes.common.frame_parameters import FrameParameters
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
    """Topics, destination and duration of the recording."""

    PREFIX: ClassVar[str] = ''
    folder: str = parameter('recordings', 'Folder in which the folder of the bag is created.', read_only=True)
    name: str = parameter('', 'Name of the bag; empty for a name from date and time.', read_only=True)
    rig: str = parameter('', 'Folder with mic_array.yaml, camera.yaml and extrinsics.yaml.', read_only=True)
    topics: tuple[str, ...] = parameter(
        TOPICS, 'Topics to record. Each one is subscribed when a publisher appears.', read_only=True
    )
    duration_s: float = parameter(
        0.0,
        'Duration of the recording in seconds; 0 to record until interrupted.',
        minimum=0.0,
        maximum=1e6,
        read_only=True,
    )
    split_s: float = parameter(
        300.0, 'Duration of one file in seconds; 0 for no limit.', minimum=0.0, maximum=1e6, read_only=True
    )
    split_mb: int = parameter(
        0, 'Size of one file in megabytes; 0 for no limit.', minimum=0, maximum=10**7, read_only=True
    )
    reserve_mb: int = parameter(
        500, 'The recording ends when fewer megabytes are free on the disk.', minimum=0, maximum=10**7, read_only=True
    )
    shared: bool = parameter(
        False,
        'Permissions of the umask for folder and files of the bag; false to let only this user read them.',
        read_only=True,
    )


@dataclass(frozen=True)
class PreflightParameters:
    """Checks before the recording starts."""

    PREFIX: ClassVar[str] = 'preflight'
    mode: str = parameter(
        'strict',
        'strict refuses to record if a check finds an error; warn logs it and records; skip records without checks.',
        choices=('strict', 'warn', 'skip'),
        read_only=True,
    )
    required: tuple[str, ...] = parameter(
        ('audio',), 'Required topics, optionally with a minimum rate in Hz: camera/image@25.', read_only=True
    )
    seconds: float = parameter(3.0, 'Duration of the checks in seconds.', minimum=1.5, maximum=60.0, read_only=True)
    timeout_s: float = parameter(
        10.0, 'Maximum time in seconds to wait for the required topics.', minimum=0.0, maximum=600.0, read_only=True
    )
    minutes: float = parameter(
        10.0,
        'Duration of the drive in minutes that must fit on the disk.',
        minimum=0.0,
        maximum=10_000.0,
        read_only=True,
    )


@dataclass(frozen=True)
class DeviceParameters:
    """Sound device that the recorder captures itself."""

    PREFIX: ClassVar[str] = 'device'
    name: str = parameter(
        '', 'Name of the device, or a unique part of it; empty to record audio from topics only.', read_only=True
    )
    rate_hz: int = parameter(48_000, 'Sample rate of the device in Hz.', minimum=4_000, maximum=768_000, read_only=True)
    channels: int = parameter(8, 'Number of channels of the device.', minimum=1, maximum=256, read_only=True)
    block_samples: int = parameter(512, 'Samples in one message.', minimum=32, maximum=8192, read_only=True)
    topic: str = parameter('audio', 'Topic of the captured audio in the bag.', read_only=True)


PARAMETER_GROUPS = (RecordParameters, PreflightParameters, DeviceParameters, FrameParameters)
