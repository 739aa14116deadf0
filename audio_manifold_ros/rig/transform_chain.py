# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where a frame of a rig lies in its root, along the chain of transforms."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.rig.errors import CalibrationError
from audio_manifold_ros.rig.extrinsics import Extrinsics, Transform
from audio_manifold_ros.rig.rotation import rotation_matrix

Array = NDArray[np.float64]

OPTICAL = 'optical_frame'


@dataclass(frozen=True)
class Pose:
    """A frame in another one.

    Attributes:
        turn: Turns vectors of the frame into those of the other (3, 3).
        place_m: Its origin there (3,).

    """

    turn: Array
    place_m: Array

    def of(self, inner: Pose) -> Pose:
        """Return where a frame lies that is given in this one."""
        return Pose(self.turn @ inner.turn, self.turn @ inner.place_m + self.place_m)

    def inverse(self) -> Pose:
        """Return where the other frame lies in this one."""
        return Pose(self.turn.T, -self.turn.T @ self.place_m)


def pose_of(transform: Transform) -> Pose:
    """Return where the child of a transform lies in its parent."""
    return Pose(rotation_matrix(transform.rotation_rpy_rad), np.array(transform.translation_m))


def pose_in_root(extrinsics: Extrinsics, frame: str) -> Pose:
    """Return where a frame lies in the root of its chain; a frame without a parent is the root."""
    parents = {transform.child: transform for transform in extrinsics.transforms}
    pose = Pose(np.eye(3), np.zeros(3))
    while frame in parents:
        pose = pose_of(parents[frame]).of(pose)
        frame = parents[frame].parent
    return pose


def optical_frame(extrinsics: Extrinsics) -> Transform:
    """Return the transform that ends in the optical frame of the camera.

    Raises:
        CalibrationError: There is none, or several.

    """
    found = [transform for transform in extrinsics.transforms if transform.child.endswith(OPTICAL)]
    if len(found) != 1:
        msg = (
            f'The extrinsics have the optical frames {[transform.child for transform in found]}: give one transform '
            f'whose child ends with {OPTICAL!r} (REP-103).'
        )
        raise CalibrationError(msg)
    return found[0]


def roll_pitch_yaw(turn: Array) -> tuple[float, float, float]:
    """Return the fixed-axis angles (REP-103) of a rotation (3, 3); roll is 0 where pitch is a right angle."""
    flat = math.hypot(turn[0, 0], turn[1, 0])
    pitch = math.atan2(-turn[2, 0], flat)
    if flat < 1e-9:
        return 0.0, pitch, math.atan2(-turn[0, 1], turn[1, 1])
    return math.atan2(turn[2, 1], turn[2, 2]), pitch, math.atan2(turn[1, 0], turn[0, 0])
