# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Commands of `audio-manifold rig calibrate`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_manifold_ros.common.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from audio_manifold_ros.calibration.commands.command import Command
    from audio_manifold_ros.calibration.commands.commands import COMMANDS
    from audio_manifold_ros.calibration.commands.measurement_command import MeasurementCommand, MeasurementTask

__all__ = [
    'COMMANDS',
    'Command',
    'MeasurementCommand',
    'MeasurementTask',
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        'command': 'Command',
        'commands': 'COMMANDS',
        'measurement_command': 'MeasurementCommand MeasurementTask',
    },
)
