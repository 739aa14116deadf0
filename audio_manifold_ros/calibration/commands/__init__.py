# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Subcommands of `audio-manifold rig calibrate`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_manifold_ros.common.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from audio_manifold_ros.calibration.commands.cli import COMMANDS
    from audio_manifold_ros.calibration.commands.measurement_command import Command, MeasurementCommand, MeasurementTask

__all__ = [
    'COMMANDS',
    'Command',
    'MeasurementCommand',
    'MeasurementTask',
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        'cli': 'COMMANDS',
        'measurement_command': 'Command MeasurementCommand MeasurementTask',
    },
)
