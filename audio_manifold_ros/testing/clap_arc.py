# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Simulated claps at places on an arc in front of the camera of a rig."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from audio_manifold_ros.common.array_types import FloatArray
from audio_manifold_ros.rig.camera import CameraCalibration
from audio_manifold_ros.rig.extrinsics import Extrinsics
from audio_manifold_ros.rig.transform_chain import Pose, find_optical_transform, pose_in_root
from audio_manifold_ros.testing.clap_bag import ClapBag
from audio_manifold_ros.testing.clap_pictures import COLUMNS, Clapper, clap_pictures
from audio_manifold_ros.testing.clapped_rig import ClappedRig
from audio_manifold_ros.testing.simulated_rig import RATE_HZ

CLAPS, CLAP_INTERVAL_S, ARC_RADIUS_M, WIDTH_RAD = 10, 1.6, 3.0, 0.9
PICTURE_RATE_HZ, EXPOSURE_S = 30.0, 0.008
CLAPPER = Clapper(hands=2, width_px=5, reach_px=25, bend=0.2, brightness=80)


@dataclass(frozen=True)
class ClapArc:
    """The true camera of a rig, and claps in front of it.

    Attributes:
        camera: Pinhole model and distortion. Its pictures are an integer multiple of those of `clap_pictures` in size.
        extrinsics: Frames and clock offset.

    """

    camera: CameraCalibration
    extrinsics: Extrinsics

    def write(self, rig: ClappedRig, folder: Path, *, shuffled: bool = False) -> None:
        """Write the bag of claps in front of the camera of a parked rig. The channels of the device may be shuffled."""
        generator = rig.generator
        array, optical = (
            pose_in_root(self.extrinsics, frame)
            for frame in (rig.array.frame_id, find_optical_transform(self.extrinsics).child)
        )
        inside = optical.inverse().compose(array)
        ahead = inside.inverse().rotation[:, 2]
        azimuths = np.linspace(-WIDTH_RAD / 2, WIDTH_RAD / 2, CLAPS) + np.arctan2(ahead[1], ahead[0])
        heights_m = generator.uniform(-0.15, 0.0, CLAPS)
        places_m = np.stack([ARC_RADIUS_M * np.cos(azimuths), ARC_RADIUS_M * np.sin(azimuths), heights_m], axis=1)
        times_s = (np.arange(CLAPS) + 0.7) * CLAP_INTERVAL_S + generator.uniform(-0.25, 0.25, CLAPS)
        claps = rig.claps_at(places_m, times_s, rig.street(CLAPS * CLAP_INTERVAL_S + 1))
        image_times_s = np.arange(round((CLAPS * CLAP_INTERVAL_S + 1) * PICTURE_RATE_HZ)) / PICTURE_RATE_HZ
        scale = self.camera.model.width // COLUMNS
        pixels = (self._pixels(inside, places_m) + 0.5) / scale - 0.5
        small = clap_pictures(CLAPPER, claps.times_s, pixels, image_times_s, EXPOSURE_S, generator)
        pictures = small.repeat(scale, axis=1).repeat(scale, axis=2)
        recorded = rig.device(claps.pressure, shuffled=shuffled)
        stamps_s = image_times_s + self.extrinsics.audio_time_offset_s
        ClapBag(recorded, RATE_HZ, pictures, stamps_s, compressed=scale > 1).write(folder)

    def _pixels(self, inside: Pose, places_m: FloatArray) -> FloatArray:
        """Return column and row (place, 2) of places in the frame of the array."""
        model = self.camera.model
        matrix = np.array([[model.fx, 0, model.cx], [0, model.fy, model.cy], [0, 0, 1]])
        camera_points_m = places_m @ inside.rotation.T + inside.translation_m
        distortion_coefficients = np.array(self.camera.distortion)
        pixels = cv2.projectPoints(camera_points_m, np.zeros(3), np.zeros(3), matrix, distortion_coefficients)[0]
        return np.asarray(pixels, dtype=np.float64).reshape(-1, 2)
