# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Poses of the array and the camera of a rig on the simulated car."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from audio_manifold_ros.common.array_types import FloatArray
from audio_manifold_ros.common.errors import SimulationError
from audio_manifold_ros.rig.rig_frames import rig_frames
from audio_manifold_ros.rig.rotation import roll_pitch_yaw
from audio_manifold_ros.rig.transform_chain import Pose, find_optical_transform, pose_in_root

if TYPE_CHECKING:
    from audio_manifold_ros.rig.extrinsics import Extrinsics
    from audio_manifold_ros.rig.rig import MicrophoneArray

# A smaller tilt moves no edge by half a pixel in an image of 400 rows and 50 degrees.
LEVEL_RAD = 1e-3
# The angles of a rig file are rounded, so a right angle in a file is not exact.
YAW_DIGITS = 6


@dataclass(frozen=True)
class CameraPose:
    """Pose of a level camera on the car.

    Attributes:
        translation_m: Position in base_link (3,), over the ground.
        yaw_rad: Yaw of the optical axis, positive to the left.

    """

    translation_m: FloatArray
    yaw_rad: float = 0.0


def array_pose(array: MicrophoneArray, extrinsics: Extrinsics) -> Pose:
    """Return the pose of the array in base_link.

    Raises:
        RigError: The frames are not a tree, or the array has no parent frame.
        SimulationError: A microphone is not over the ground.

    """
    rig_frames(array, extrinsics)
    pose = pose_in_root(extrinsics, array.frame_id)
    heights_m = (array.positions_m @ pose.rotation.T + pose.translation_m)[:, 2]
    if heights_m.min() <= 0:
        mic = array.microphones[int(heights_m.argmin())]
        msg = (
            f'Microphone {mic.name!r} of array {array.array_id!r} is {heights_m.min():.2f} m over the ground, where no '
            'sound can be simulated: give transforms from base_link, on the ground, to the array.'
        )
        raise SimulationError(msg)
    return pose


def camera_pose(extrinsics: Extrinsics) -> CameraPose:
    """Return the pose of the camera.

    Raises:
        RigError: There is not exactly one optical frame.
        SimulationError: The camera is not over the ground, or not level.

    """
    frame = find_optical_transform(extrinsics).child
    pose = pose_in_root(extrinsics, frame)
    # Converts optical axes (right, down, ahead) to body axes (ahead, left, up).
    roll, pitch, yaw = roll_pitch_yaw(pose.rotation[:, [2, 0, 1]] * [1.0, -1.0, -1.0])
    if max(abs(roll), abs(pitch)) > LEVEL_RAD:
        msg = (
            f'{frame!r} is rolled by {math.degrees(roll):.2f}° and pitched by {math.degrees(pitch):.2f}°, and only a '
            'level camera can be rendered: set roll and pitch of the camera to 0 for the simulation.'
        )
        raise SimulationError(msg)
    if pose.translation_m[2] <= 0:
        msg = (
            f'{frame!r} is {pose.translation_m[2]:.2f} m over the ground, where no image can be rendered: '
            'give transforms from base_link, on the ground, to the camera.'
        )
        raise SimulationError(msg)
    return CameraPose(pose.translation_m, round(yaw, YAW_DIGITS))
