# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Resolution of parameter values that name a folder or a topic."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from audio_manifold_ros.common.errors import NodeError
from audio_manifold_ros.common.resource_paths import resource_path

if TYPE_CHECKING:
    from rclpy.node import Node


def resolve_folder(parameter: str, value: str) -> Path:
    """Return the folder that a parameter names.

    Args:
        parameter: Name of the parameter, for the error message.
        value: A path, or the path of a folder that ships with the package, for example `models/street`.

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


def resolve_topic(node: Node, parameter: str, value: str) -> str:
    """Return the fully qualified name of a topic, remapped and with its namespace.

    Args:
        node: The node whose namespace and remappings apply.
        parameter: Name of the parameter that holds the topic, for the error message.
        value: The name of the topic.

    Raises:
        NodeError: The value is not a valid topic name.

    """
    try:
        return node.resolve_topic_name(value)
    except RuntimeError as error:  # the exception class of rcl is private
        reason = str(error).partition(', at ')[0]
        msg = f'{parameter} is {value!r}: {reason}: give the name of a topic.'
        raise NodeError(msg) from None
