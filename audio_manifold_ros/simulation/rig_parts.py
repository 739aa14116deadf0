# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Rig of a simulated drive: what its files state, and what the simulated sensors really are."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from audio_manifold_ros.common.resource_paths import resource_path
from audio_manifold_ros.rig.camera import CameraCalibration
from audio_manifold_ros.rig.extrinsics import Extrinsics
from audio_manifold_ros.rig.rig import MicrophoneArray

RIG = 'calibration/roof_octagon'


@dataclass(frozen=True)
class RigParts:
    """Parts of a rig.

    Attributes:
        array: Microphone array as its rig file states it.
        camera: Camera.
        extrinsics: Poses of array and camera on the rig, and the offset between their clocks.
        true_array: Array with the real positions of the microphones; None if the file is exact.
        gains: Factor of each channel, 0 for a dead microphone; empty for 1.

    """

    array: MicrophoneArray
    camera: CameraCalibration
    extrinsics: Extrinsics
    true_array: MicrophoneArray | None = None
    gains: tuple[float, ...] = ()


@lru_cache(maxsize=8)
def load_rig(folder: Path | None = None) -> RigParts:
    """Load a rig once, because a dataset has thousands of streets and one rig. None is the roof octagon.

    Raises:
        RigError: The rig cannot be read.

    """
    folder = folder or resource_path(RIG)
    return RigParts(
        MicrophoneArray.from_yaml(folder / 'mic_array.yaml'),
        CameraCalibration.from_yaml(folder / 'camera.yaml'),
        Extrinsics.from_yaml(folder / 'extrinsics.yaml'),
    )
