# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Camera calibration: intrinsics, rotation relative to the array, and audio-video synchronisation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_manifold_ros.common.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from audio_manifold_ros.calibration.camera.audio_video_sync import SyncOffset, estimate_sync_offset
    from audio_manifold_ros.calibration.camera.camera_intrinsics import Intrinsics, estimate_intrinsics
    from audio_manifold_ros.calibration.camera.camera_rotation import (
        CameraRotation,
        SoundDirections,
        estimate_camera_rotation,
    )
    from audio_manifold_ros.calibration.camera.charuco_board import BoardView, CharucoBoard
    from audio_manifold_ros.calibration.camera.visual_clap_detection import ClapEvent, detect_claps

__all__ = [
    'BoardView',
    'CameraRotation',
    'CharucoBoard',
    'ClapEvent',
    'Intrinsics',
    'SoundDirections',
    'SyncOffset',
    'detect_claps',
    'estimate_camera_rotation',
    'estimate_intrinsics',
    'estimate_sync_offset',
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        'audio_video_sync': 'SyncOffset estimate_sync_offset',
        'camera_intrinsics': 'Intrinsics estimate_intrinsics',
        'camera_rotation': 'CameraRotation SoundDirections estimate_camera_rotation',
        'charuco_board': 'BoardView CharucoBoard',
        'visual_clap_detection': 'ClapEvent detect_claps',
    },
)
