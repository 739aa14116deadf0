# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The parameters of the simulated drive."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from audio_manifold_ros.nodes.common.parameters import parameter


@dataclass(frozen=True)
class DriveParameters:
    """Which street is driven down, and what is published of it."""

    PREFIX: ClassVar[str] = ''
    seed: int = parameter(900_001, 'Seed of the first street.', minimum=0, maximum=2**31 - 1, read_only=True)
    street_s: float = parameter(
        30.0,
        'Seconds in a street before the next seed; the stream begins anew.',
        minimum=2.0,
        maximum=60.0,
        read_only=True,
    )
    duration_s: float = parameter(
        0.0, 'Seconds until the drive ends; 0 for ever.', minimum=0.0, maximum=1e6, read_only=True
    )
    image_rate_hz: float = parameter(
        20.0, 'True images a second; 0 for sound alone.', minimum=0.0, maximum=100.0, read_only=True
    )
    block_samples: int = parameter(256, 'Samples of one audio block.', minimum=32, maximum=8192, read_only=True)
    rig: str = parameter(
        'calibration/roof_octagon', 'Folder with mic_array.yaml, camera.yaml and extrinsics.yaml.', read_only=True
    )
    camera_frame: str = parameter('camera_optical_frame', 'Frame of the true images.', read_only=True)
