# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Decoding of messages that only subscribers need: point clouds and the list of classes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

from audio_manifold_ros.nodes.common.messages import POINT_FIELDS

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from sensor_msgs.msg import PointCloud2
    from std_msgs.msg import String


def from_points(message: PointCloud2) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """Return positions float32 (point, 3) and colours uint8 (point, 3) of a cloud of `to_points`."""
    assert tuple(field.name for field in message.fields) == POINT_FIELDS
    assert message.point_step == 16
    values = np.frombuffer(message.data, dtype=np.float32).reshape(message.width * message.height, 4)
    packed = np.ascontiguousarray(values[:, 3]).view(np.uint32)
    colours = np.stack([packed >> 16 & 255, packed >> 8 & 255, packed & 255], axis=1).astype(np.uint8)
    return values[:, :3].copy(), colours


def from_labels_json(message: String) -> dict[int, str]:
    """Return the class names by id of a message of `to_labels_json`."""
    return {int(class_id): name for class_id, name in json.loads(message.data).items()}
