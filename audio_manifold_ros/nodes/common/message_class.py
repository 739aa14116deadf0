# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Lookup of message classes by the name of their type."""

from __future__ import annotations

import importlib
from typing import Any

from audio_manifold_ros.common.errors import NodeError


def message_class(type_name: str) -> Any:
    """Return the class of a message type, for example of `sensor_msgs/msg/Image`.

    Raises:
        NodeError: The package of the type is not installed, or has no such message.

    """
    package, _, rest = type_name.partition('/')
    try:
        return getattr(importlib.import_module(f'{package}.msg'), rest.rpartition('/')[2])
    except (ImportError, AttributeError):
        msg = f'{type_name!r} is not installed: install or build the package {package!r}, then source its workspace.'
        raise NodeError(msg) from None
