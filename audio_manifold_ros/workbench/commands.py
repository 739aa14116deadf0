# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""All subcommands of `calibrate`, in the order in which a new rig needs them."""

from __future__ import annotations

from audio_manifold_ros.workbench.apply import APPLY
from audio_manifold_ros.workbench.command import Command

COMMANDS: dict[str, Command] = {command.name: command for command in (APPLY,)}
