# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Pose of a frame of a rig in the root frame, along the chain of transforms."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from audio_manifold_ros.common.array_types import FloatArray
from audio_manifold_ros.common.errors import RigError
from audio_manifold_ros.rig.extrinsics import Extrinsics, Transform
from audio_manifold_ros.rig.rotation import rotation_matrix

OPTICAL_SUFFIX = 'optical_frame'


@dataclass(frozen=True)
class Pose:
    """Pose of a frame in another frame.

    Attributes:
        rotation: Rotation (3, 3) of vectors of the frame to vectors of the other.
        translation_m: Origin (3,) of the frame in the other.

    """

    rotation: FloatArray
    translation_m: FloatArray

    def compose(self, inner: Pose) -> Pose:
        """Return the pose of a frame that is given in this one."""
        return Pose(self.rotation @ inner.rotation, self.rotation @ inner.translation_m + self.translation_m)

    def inverse(self) -> Pose:
        """Return the pose of the other frame in this one."""
        return Pose(self.rotation.T, -self.rotation.T @ self.translation_m)


def pose_from_transform(transform: Transform) -> Pose:
    """Return the pose of the child of a transform in its parent."""
    return Pose(rotation_matrix(transform.rotation_rpy_rad), np.array(transform.translation_m))


def pose_in_root(extrinsics: Extrinsics, frame: str) -> Pose:
    """Return the pose of a frame in the root of its chain. A frame without a parent is the root."""
    parents = {transform.child: transform for transform in extrinsics.transforms}
    pose = Pose(np.eye(3), np.zeros(3))
    while frame in parents:
        pose = pose_from_transform(parents[frame]).compose(pose)
        frame = parents[frame].parent
    return pose


def find_optical_transform(extrinsics: Extrinsics) -> Transform:
    """Return the transform to the optical frame of the camera.

    Raises:
        RigError: There is no such transform, or several.

    """
    found = [transform for transform in extrinsics.transforms if transform.child.endswith(OPTICAL_SUFFIX)]
    if len(found) != 1:
        msg = (
            f'The extrinsics have the optical frames {[transform.child for transform in found]}: give one transform '
            f'whose child ends with {OPTICAL_SUFFIX!r} (REP-103).'
        )
        raise RigError(msg)
    return found[0]
