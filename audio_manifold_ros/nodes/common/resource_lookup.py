# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Folders that parameters name: anywhere on this machine, or below the package."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from audio_manifold_ros.common.errors import NodeError
from audio_manifold_ros.common.resource_paths import resource_path


def locate(parameter: str, value: str) -> Path:
    """Return the folder that a parameter names.

    Args:
        parameter: Its name, for the message.
        value: A path, or the path of something that ships with the package, for example `models/street`.

    Raises:
        NodeError: There is no such folder.

    """
    path = Path(value).expanduser()
    if value and path.is_dir():
        return path.resolve()
    if value and not path.is_absolute():
        with suppress(FileNotFoundError):
            return resource_path(value)
    msg = f'{parameter} is {value!r}: give a folder that exists, or the path of one below the package.'
    raise NodeError(msg)
