# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Calibration of a rig: estimators for channels, geometry and camera, recordings, reports, commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_manifold_ros.common.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from audio_manifold_ros.calibration.camera.camera_intrinsics import estimate_intrinsics
    from audio_manifold_ros.calibration.channels.channel_check import check_channels
    from audio_manifold_ros.calibration.channels.channel_delays import estimate_acoustic_delays, estimate_wired_delays
    from audio_manifold_ros.calibration.channels.channel_gains import estimate_ambient_gains, estimate_loudspeaker_gains
    from audio_manifold_ros.calibration.channels.channel_identification import identify_channels
    from audio_manifold_ros.calibration.channels.channel_polarity import estimate_polarity
    from audio_manifold_ros.calibration.geometry.array_self_calibration import GeometryEstimate, estimate_geometry
    from audio_manifold_ros.calibration.recording.raw_recording import RawRecording
    from audio_manifold_ros.calibration.reporting.calibration_report import CalibrationReport, CalibrationVerdict

__all__ = [
    'CalibrationReport',
    'CalibrationVerdict',
    'GeometryEstimate',
    'RawRecording',
    'check_channels',
    'estimate_acoustic_delays',
    'estimate_ambient_gains',
    'estimate_geometry',
    'estimate_intrinsics',
    'estimate_loudspeaker_gains',
    'estimate_polarity',
    'estimate_wired_delays',
    'identify_channels',
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        'camera.camera_intrinsics': 'estimate_intrinsics',
        'channels.channel_check': 'check_channels',
        'channels.channel_delays': 'estimate_acoustic_delays estimate_wired_delays',
        'channels.channel_gains': 'estimate_ambient_gains estimate_loudspeaker_gains',
        'channels.channel_identification': 'identify_channels',
        'channels.channel_polarity': 'estimate_polarity',
        'geometry.array_self_calibration': 'GeometryEstimate estimate_geometry',
        'recording.raw_recording': 'RawRecording',
        'reporting.calibration_report': 'CalibrationReport CalibrationVerdict',
    },
)
