# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""All subcommands of `calibrate`, in the order in which a new rig needs them."""

from __future__ import annotations

from audio_manifold_ros.calibration.commands.apply import APPLY
from audio_manifold_ros.calibration.commands.camera import CAMERA
from audio_manifold_ros.calibration.commands.channel_order import ORDER
from audio_manifold_ros.calibration.commands.check import CHECK
from audio_manifold_ros.calibration.commands.command import Command
from audio_manifold_ros.calibration.commands.delay import DELAY
from audio_manifold_ros.calibration.commands.diff import DIFF
from audio_manifold_ros.calibration.commands.extrinsics import EXTRINSICS
from audio_manifold_ros.calibration.commands.gains import GAINS
from audio_manifold_ros.calibration.commands.geometry import GEOMETRY
from audio_manifold_ros.calibration.commands.polarity import POLARITY
from audio_manifold_ros.calibration.commands.sync import SYNC

COMMANDS: dict[str, Command] = {
    command.name: command
    for command in (
        CHECK,
        ORDER,
        POLARITY,
        GEOMETRY,
        DELAY,
        GAINS,
        CAMERA,
        SYNC,
        EXTRINSICS,
        APPLY,
        DIFF,
    )
}
