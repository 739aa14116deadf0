# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""All subcommands of `calibrate`, in the order in which a new rig needs them."""

from __future__ import annotations

from audio_manifold_ros.workbench.apply import APPLY
from audio_manifold_ros.workbench.camera import CAMERA
from audio_manifold_ros.workbench.check import CHECK
from audio_manifold_ros.workbench.command import Command
from audio_manifold_ros.workbench.delay import DELAY
from audio_manifold_ros.workbench.diff import DIFF
from audio_manifold_ros.workbench.extrinsics import EXTRINSICS
from audio_manifold_ros.workbench.gains import GAINS
from audio_manifold_ros.workbench.geometry import GEOMETRY
from audio_manifold_ros.workbench.order import ORDER
from audio_manifold_ros.workbench.polarity import POLARITY
from audio_manifold_ros.workbench.sync import SYNC

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
