# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where a frame of a rig lies in its root, along the chain of transforms."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from audio_manifold_ros.common.array_types import FloatArray
from audio_manifold_ros.common.errors import RigError
from audio_manifold_ros.rig.extrinsics import Extrinsics, Transform
from audio_manifold_ros.rig.rotation import rotation_matrix

OPTICAL_SUFFIX = 'optical_frame'


@dataclass(frozen=True)
class Pose:
    """A frame in another one.

    Attributes:
        rotation: Turns vectors of the frame into those of the other (3, 3).
        translation_m: Its origin there (3,).

    """

    rotation: FloatArray
    translation_m: FloatArray

    def compose(self, inner: Pose) -> Pose:
        """Return where a frame lies that is given in this one."""
        return Pose(self.rotation @ inner.rotation, self.rotation @ inner.translation_m + self.translation_m)

    def inverse(self) -> Pose:
        """Return where the other frame lies in this one."""
        return Pose(self.rotation.T, -self.rotation.T @ self.translation_m)


def pose_from_transform(transform: Transform) -> Pose:
    """Return where the child of a transform lies in its parent."""
    return Pose(rotation_matrix(transform.rotation_rpy_rad), np.array(transform.translation_m))


def pose_in_root(extrinsics: Extrinsics, frame: str) -> Pose:
    """Return where a frame lies in the root of its chain; a frame without a parent is the root."""
    parents = {transform.child: transform for transform in extrinsics.transforms}
    pose = Pose(np.eye(3), np.zeros(3))
    while frame in parents:
        pose = pose_from_transform(parents[frame]).compose(pose)
        frame = parents[frame].parent
    return pose


def find_optical_transform(extrinsics: Extrinsics) -> Transform:
    """Return the transform that ends in the optical frame of the camera.

    Raises:
        RigError: There is none, or several.

    """
    found = [transform for transform in extrinsics.transforms if transform.child.endswith(OPTICAL_SUFFIX)]
    if len(found) != 1:
        msg = (
            f'The extrinsics have the optical frames {[transform.child for transform in found]}: give one transform '
            f'whose child ends with {OPTICAL_SUFFIX!r} (REP-103).'
        )
        raise RigError(msg)
    return found[0]


def roll_pitch_yaw(rotation: FloatArray) -> tuple[float, float, float]:
    """Return the fixed-axis angles (REP-103) of a rotation (3, 3); roll is 0 where pitch is a right angle."""
    flat = math.hypot(rotation[0, 0], rotation[1, 0])
    pitch = math.atan2(-rotation[2, 0], flat)
    if flat < 1e-9:
        return 0.0, pitch, math.atan2(-rotation[0, 1], rotation[1, 1])
    return math.atan2(rotation[2, 1], rotation[2, 2]), pitch, math.atan2(rotation[1, 0], rotation[0, 0])
