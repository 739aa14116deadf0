# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Simulated drive through a street: audio of the array and images of the camera on one clock."""

from __future__ import annotations

from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from audio_manifold_ros.common.pcm16 import float_to_int16, int16_to_float
from audio_manifold_ros.common.resource_paths import resource_path
from audio_manifold_ros.rig.camera import CameraModel
from audio_manifold_ros.rig.extrinsics import Extrinsics
from audio_manifold_ros.rig.rig import MicrophoneArray
from audio_manifold_ros.simulation.renderer import CameraRenderer
from audio_manifold_ros.simulation.sensor_poses import array_pose, camera_pose
from audio_manifold_ros.simulation.sound.acoustics import StreetAcoustics
from audio_manifold_ros.simulation.street import DURATION_S, make_street

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

RIG = 'calibration/roof_octagon'
SAMPLE_RATE_HZ = 22_500
# Increased with every change of the audio or images of the same street and rig. Drives of another version are
# simulated again.
SIMULATOR_VERSION = 2


class Drive:
    """One street with one rig. Sample 0 is at time zero.

    Attributes:
        street: The street.
        array: Microphone array.
        camera: Camera model.
        extrinsics: Poses of array and camera on the rig, and the offset between the clocks of camera and audio.
        sample_rate_hz: Rate of the audio.

    """

    def __init__(self, seed: int, rig: Path | None = None, duration_s: float = DURATION_S) -> None:
        """Build the street of a seed.

        Args:
            seed: Seed of the street.
            rig: Folder of rig files; None for the roof octagon.
            duration_s: Duration of the street. Another duration of the same seed is another street.

        Raises:
            SimulationError: The seed is invalid, or a microphone of the rig is at or below the ground.
            RigError: The rig cannot be read.

        """
        self.array, self.camera, self.extrinsics = _load_rig(rig or resource_path(RIG))
        self.sample_rate_hz = SAMPLE_RATE_HZ
        self.street = make_street(seed, duration_s)
        pose = array_pose(self.array, self.extrinsics)
        self._acoustics = StreetAcoustics(self.street, self.array, SAMPLE_RATE_HZ, pose)

    def audio(self, first_sample: int, samples: int) -> NDArray[np.float32]:
        """Return audio float32 (mic, sample), quantised to 16 bits, full scale ±1."""
        sound = self._acoustics.render(first_sample, samples)
        return int16_to_float(float_to_int16(sound))

    def image(self, time_s: float) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
        """Return depth float32 in metres (NaN in the sky) and class ids uint8, both (row, column).

        Raises:
            SimulationError: The pose of the camera cannot be rendered.
            RigError: The rig has no pose of the camera.

        """
        return self._renderer.render(time_s)

    @cached_property
    def _renderer(self) -> CameraRenderer:
        # Created on first use: a drive that is used for audio only may have any camera.
        return CameraRenderer(self.street, self.camera, camera_pose(self.extrinsics))


@lru_cache(maxsize=8)
def _load_rig(folder: Path) -> tuple[MicrophoneArray, CameraModel, Extrinsics]:
    """Load a rig once, because a dataset has thousands of streets and one rig."""
    return (
        MicrophoneArray.from_yaml(folder / 'mic_array.yaml'),
        CameraModel.from_yaml(folder / 'camera.yaml'),
        Extrinsics.from_yaml(folder / 'extrinsics.yaml'),
    )
