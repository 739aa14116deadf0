# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Rig files: microphones, camera, extrinsics, depth calibration, and what follows from them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_manifold_ros.common.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from audio_manifold_ros.rig.array_correction import ArrayCorrection
    from audio_manifold_ros.rig.camera import CameraCalibration, CameraModel
    from audio_manifold_ros.rig.depth_calibration import DepthCalibration
    from audio_manifold_ros.rig.extrinsics import Extrinsics, Transform
    from audio_manifold_ros.rig.fractional_delay import FractionalDelay
    from audio_manifold_ros.rig.rig import ArrayDevice, Microphone, MicrophoneArray
    from audio_manifold_ros.rig.rig_difference import GeometryDifference, RigDifference, geometry_difference
    from audio_manifold_ros.rig.rig_urdf import to_urdf, to_xacro
    from audio_manifold_ros.rig.transform_chain import Pose

__all__ = [
    'ArrayCorrection',
    'ArrayDevice',
    'CameraCalibration',
    'CameraModel',
    'DepthCalibration',
    'Extrinsics',
    'FractionalDelay',
    'GeometryDifference',
    'Microphone',
    'MicrophoneArray',
    'Pose',
    'RigDifference',
    'Transform',
    'geometry_difference',
    'to_urdf',
    'to_xacro',
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        'array_correction': 'ArrayCorrection',
        'camera': 'CameraCalibration CameraModel',
        'depth_calibration': 'DepthCalibration',
        'extrinsics': 'Extrinsics Transform',
        'fractional_delay': 'FractionalDelay',
        'rig': 'ArrayDevice Microphone MicrophoneArray',
        'rig_difference': 'GeometryDifference RigDifference geometry_difference',
        'rig_urdf': 'to_urdf to_xacro',
        'transform_chain': 'Pose',
    },
)
