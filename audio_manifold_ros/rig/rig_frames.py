# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""All frames of a rig: those of the extrinsics, that of the scan, and one for each microphone."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from audio_manifold_ros.common.errors import RigError
from audio_manifold_ros.rig.extrinsics import Extrinsics, Transform
from audio_manifold_ros.rig.scan_frame import scan_frame
from audio_manifold_ros.rig.transform_chain import OPTICAL_SUFFIX

if TYPE_CHECKING:
    from audio_manifold_ros.rig.rig import Microphone, MicrophoneArray


def rig_frames(array: MicrophoneArray, extrinsics: Extrinsics) -> tuple[Transform, ...]:
    """Return the transforms of a rig from its root outwards. The x axis of a microphone is its facing (REP-103).

    A rig with one camera has its scan frame, unless the extrinsics define it.

    Raises:
        RigError: The frames do not form a tree with one root, or no transform leads to the array.

    """
    extrinsics.transform(array.frame_id)
    scans = _scan_frames(extrinsics)
    frames = (*extrinsics.transforms, *scans, *(_microphone(array, mic) for mic in array.microphones))
    children = [frame.child for frame in frames]
    repeated = sorted({child for child in children if children.count(child) > 1})
    if repeated:
        msg = f'The frames {repeated} of array {array.array_id!r} occur twice: give each microphone its own frame_id.'
        raise RigError(msg)
    root_frame(frames)
    return frames


def root_frame(frames: tuple[Transform, ...]) -> str:
    """Return the root of the tree of frames.

    Raises:
        RigError: There are several roots.

    """
    children = {frame.child for frame in frames}
    roots = sorted({frame.parent for frame in frames} - children)
    if len(roots) != 1:
        msg = f'The extrinsics have the root frames {roots}: give transforms with one root.'
        raise RigError(msg)
    return roots[0]


def _scan_frames(extrinsics: Extrinsics) -> tuple[Transform, ...]:
    cameras = [transform for transform in extrinsics.transforms if transform.child.endswith(OPTICAL_SUFFIX)]
    if len(cameras) != 1:
        return ()
    frame = scan_frame(extrinsics)
    return () if frame.child in {transform.child for transform in extrinsics.transforms} else (frame,)


def _microphone(array: MicrophoneArray, mic: Microphone) -> Transform:
    ahead, left, up = mic.facing
    pitch, yaw = -math.asin(max(-1.0, min(1.0, up))), math.atan2(left, ahead)
    return Transform(array.frame_id, mic.frame_id or f'{mic.name}_link', mic.position_m, (0.0, pitch, yaw))
