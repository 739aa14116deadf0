# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Frame of the scan: at the camera, level, with x in its viewing direction."""

from __future__ import annotations

import math

from audio_manifold_ros.rig.extrinsics import Extrinsics, Transform
from audio_manifold_ros.rig.transform_chain import OPTICAL_SUFFIX, find_optical_transform, pose_in_root

SCAN_SUFFIX = 'scan_frame'


def scan_frame_name(optical_frame: str) -> str:
    """Return the name of the scan frame of a camera: `camera_scan_frame` for `camera_optical_frame`."""
    stem = optical_frame.removesuffix(OPTICAL_SUFFIX)
    return f'{stem}{SCAN_SUFFIX}' if stem != optical_frame else f'{optical_frame}_{SCAN_SUFFIX}'


def scan_frame(extrinsics: Extrinsics) -> Transform:
    """Return the transform from the root frame to the scan frame of the camera.

    The plane of a `sensor_msgs/LaserScan` is that of x and y of its frame. The optical frame of a camera has z forward,
    and the frame of a pitched camera is not level. Neither can be the frame of a scan.

    Raises:
        RigError: The extrinsics have no optical frame, or several.

    """
    optical = find_optical_transform(extrinsics)
    root = optical.parent
    parents = {transform.child: transform.parent for transform in extrinsics.transforms}
    while root in parents:
        root = parents[root]
    pose = pose_in_root(extrinsics, optical.child)
    x, y, z = pose.translation_m.tolist()
    yaw = math.atan2(pose.rotation[1, 2], pose.rotation[0, 2])
    return Transform(root, scan_frame_name(optical.child), (x, y, z), (0.0, 0.0, yaw))
