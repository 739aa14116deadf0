# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Mount of the camera: its pose and that of the array on the robot, and the frames of the outputs for robots."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from audio_manifold_ros.features.array_geometry import array_centre_m
from audio_manifold_ros.rig.extrinsics import EXTRINSICS_FILE, Extrinsics
from audio_manifold_ros.rig.rig import RIG_FILE, MicrophoneArray
from audio_manifold_ros.rig.scan_frame import scan_frame, scan_frame_name
from audio_manifold_ros.rig.transform_chain import OPTICAL_SUFFIX, Pose, find_optical_transform, pose_in_root

if TYPE_CHECKING:
    from pathlib import Path

    from audio_manifold_ros.common.array_types import FloatArray


@dataclass(frozen=True)
class CameraMount:
    """Mount of the camera whose images are predicted.

    Attributes:
        optical_in_root: Pose of the optical frame in the root frame.
        root_frame: Name of the root frame, for example `base_link`.
        scan_frame: Name of the scan frame.
        array_m: Centre of the array (3,) in the root frame.

    """

    optical_in_root: Pose
    root_frame: str
    scan_frame: str
    array_m: FloatArray

    @classmethod
    def from_rig(cls, rig: Path, camera_frame: str, frame_prefix: str = '') -> CameraMount | None:
        """Return the mount of the camera of a rig, or None if the rig has no extrinsics with an optical frame.

        Args:
            rig: Folder of the rig.
            camera_frame: Frame of the images. A prefix that ends with a slash, before the name of the frame in the
                extrinsics, is that of all frames.
            frame_prefix: Prefix of all frames, with which the camera frame begins.

        Raises:
            RigError: The extrinsics cannot be used, or have several optical frames.

        """
        path = rig / EXTRINSICS_FILE
        extrinsics = Extrinsics.from_yaml(path) if path.is_file() else None
        if extrinsics is None or not any(t.child.endswith(OPTICAL_SUFFIX) for t in extrinsics.transforms):
            return None
        optical = find_optical_transform(extrinsics).child
        before = camera_frame.removesuffix(optical)
        prefix = before if before.endswith('/') else frame_prefix
        root = prefix + scan_frame(extrinsics).parent
        array_m = array_centre_m(MicrophoneArray.from_yaml(rig / RIG_FILE), extrinsics)
        return cls(pose_in_root(extrinsics, optical), root, scan_frame_name(camera_frame), array_m)
