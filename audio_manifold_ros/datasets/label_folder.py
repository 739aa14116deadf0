# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where the labels of a recording lie."""

from __future__ import annotations

from pathlib import Path

SKY = 10  # Cityscapes train id


def label_folder(recording: Path) -> Path:
    """Return the folder of a recording's label tracks: `NAME.labels` beside it."""
    recording = recording.absolute()
    return recording.with_name(f'{recording.name}.labels')
