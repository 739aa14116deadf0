# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""JSON files of runs: they are there whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from audio_manifold_ros.common.errors import TrainingError
from audio_manifold_ros.common.json_text import format_json, read_json

REMEDY = 'Delete it. The next run writes it again.'


def read_mapping(path: Path) -> dict[str, Any]:
    """Read a JSON file of a run's folder.

    Raises:
        TrainingError: It cannot be read, or holds no mapping.

    """
    found = read_json(path, TrainingError, REMEDY)
    if not isinstance(found, dict):
        msg = f'{str(path)!r} holds a {type(found).__name__}, not a mapping. {REMEDY}'
        raise TrainingError(msg)
    return found


def write_json_atomic(path: Path, content: dict[str, Any]) -> None:
    """Write a JSON file that appears when it is complete."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # Each process of a run on several devices may write the same, and any may be killed: none may read half of it.
    draft = path.with_name(f'.{path.name}.{os.getpid()}')
    draft.write_text(format_json(content), encoding='utf-8')
    draft.replace(path)
