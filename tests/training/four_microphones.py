# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Rig with four of the eight microphones of the roof octagon."""

from __future__ import annotations

import shutil
from pathlib import Path

import yaml

from audio_manifold_ros.common.resource_paths import resource_path
from audio_manifold_ros.simulation.rig_parts import RIG


def write_rig(folder: Path) -> Path:
    """Write the rig files and return their folder."""
    shutil.copytree(resource_path(RIG), folder)
    path = folder / 'mic_array.yaml'
    values = yaml.safe_load(path.read_text())
    values['array_id'] = 'roof_square'
    values['microphones'] = values['microphones'][::2]
    for channel, microphone in enumerate(values['microphones']):
        microphone['device_channel'] = channel
    path.write_text(yaml.safe_dump(values))
    return folder
