# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Names of topics that people give."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_manifold_ros.common.errors import NodeError

if TYPE_CHECKING:
    from rclpy.node import Node


def resolve_topic(node: Node, parameter: str, value: str) -> str:
    """Return the whole name of a topic, remapped and with its namespace.

    Args:
        node: Whose namespace and remappings count.
        parameter: Where the name was given, for the message.
        value: The name.

    Raises:
        NodeError: It can be no topic's.

    """
    try:
        return node.resolve_topic_name(value)
    except RuntimeError as error:  # the exception class of rcl is private
        reason = str(error).partition(', at ')[0]
        msg = f'{parameter} is {value!r}: {reason}: give the name of a topic.'
        raise NodeError(msg) from None
