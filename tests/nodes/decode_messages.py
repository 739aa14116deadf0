# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Decoding of messages that only subscribers need: the list of classes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from std_msgs.msg import String


def from_labels_json(message: String) -> dict[int, str]:
    """Return the class names by id of a message of `to_labels_json`."""
    return {int(class_id): name for class_id, name in json.loads(message.data).items()}
