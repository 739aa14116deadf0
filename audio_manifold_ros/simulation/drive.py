# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Simulated drive through a street: audio of the array and images of the camera on one clock."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from audio_manifold_ros.common.pcm16 import float_to_int16, int16_to_float
from audio_manifold_ros.common.units import NS_PER_S
from audio_manifold_ros.simulation.line_of_sight import TrafficTruth
from audio_manifold_ros.simulation.renderer import CameraRenderer
from audio_manifold_ros.simulation.rig_parts import RigParts, load_rig
from audio_manifold_ros.simulation.sensor_poses import array_pose, camera_pose
from audio_manifold_ros.simulation.sound.acoustics import StreetAcoustics
from audio_manifold_ros.simulation.street import DURATION_S, make_street

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from audio_manifold_ros.modalities.vehicle_observation import VehicleObservation

SAMPLE_RATE_HZ = 22_500
# Increased with every change of the audio or images of the same street and rig. Drives of another version are
# simulated again.
SIMULATOR_VERSION = 3
# Start of each street, so that recordings of different streets do not overlap. The clock of the machine is not used:
# the same street gives the same recording, byte for byte. The longest street takes a minute. The range ends before the
# last second of ROS time.
FIRST_START_S, STREET_SPACING_S, START_RANGE_S = 1_700_000_000, 60, 420_000_000


def street_start_ns(seed: int) -> int:
    """Return the instant of sample 0 of a street in ns. It is distinct for all seeds below 7 million."""
    return (FIRST_START_S + seed * STREET_SPACING_S % START_RANGE_S) * NS_PER_S


class Drive:
    """One street with one rig. Sample 0 is at time zero.

    Attributes:
        street: The street.
        array: Microphone array.
        camera: Camera model.
        extrinsics: Poses of array and camera on the rig, and the offset between the clocks of camera and audio.
        sample_rate_hz: Rate of the audio.

    """

    def __init__(
        self,
        seed: int,
        rig: Path | RigParts | None = None,
        duration_s: float = DURATION_S,
        noise_seed: int = 0,
        *,
        trunk_echoes: bool = False,
    ) -> None:
        """Build the street of a seed.

        Args:
            seed: Seed of the street.
            rig: Folder of rig files, or the parts of a rig; None for the roof octagon.
            duration_s: Duration of the street. Another duration of the same seed is another street.
            noise_seed: Seed of the noise of all sources. The street stays the same.
            trunk_echoes: Trunks and poles reflect sound. Street and images stay the same.

        Raises:
            SimulationError: The seed is invalid, or a microphone of the rig is at or below the ground.
            RigError: The rig cannot be read.

        """
        parts = rig if isinstance(rig, RigParts) else load_rig(rig)
        self.array, self.camera, self.extrinsics = parts.array, parts.camera.model, parts.extrinsics
        self._gains = np.array(parts.gains, dtype=np.float32)[:, None] if parts.gains else None
        self.sample_rate_hz = SAMPLE_RATE_HZ
        self.street = make_street(seed, duration_s)
        true_array = parts.true_array or parts.array
        pose = array_pose(true_array, self.extrinsics)
        self._acoustics = StreetAcoustics(
            self.street, true_array, SAMPLE_RATE_HZ, pose, noise_seed, trunk_echoes=trunk_echoes
        )

    def audio(self, first_sample: int, samples: int) -> NDArray[np.float32]:
        """Return audio float32 (mic, sample), quantised to 16 bits, full scale ±1."""
        sound = self._acoustics.render(first_sample, samples)
        if self._gains is not None:
            sound = sound * self._gains
        return int16_to_float(float_to_int16(sound))

    def image(self, time_s: float) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
        """Return depth float32 in metres (NaN in the sky) and class ids uint8, both (row, column).

        Raises:
            SimulationError: The pose of the camera cannot be rendered.
            RigError: The rig has no pose of the camera.

        """
        return self._renderer.render(time_s)

    def vehicles(self, time_s: float) -> tuple[VehicleObservation, ...]:
        """Return the vehicles in traffic within 50 m, hidden ones included, the nearest first."""
        return self._truth.at(time_s)

    @cached_property
    def _truth(self) -> TrafficTruth:
        return TrafficTruth(self.street)

    @cached_property
    def _renderer(self) -> CameraRenderer:
        # Created on first use: a drive that is used for audio only may have any camera.
        return CameraRenderer(self.street, self.camera, camera_pose(self.extrinsics))
