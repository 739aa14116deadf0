# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Check of a robot before it drives: files, networks, audio, ROS environment, clocks and disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_manifold_ros.common.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from audio_manifold_ros.doctor.doctor_report import DoctorReport
    from audio_manifold_ros.doctor.doctor_settings import DoctorSettings

__all__ = [
    'DoctorReport',
    'DoctorSettings',
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        'doctor_report': 'DoctorReport',
        'doctor_settings': 'DoctorSettings',
    },
)
