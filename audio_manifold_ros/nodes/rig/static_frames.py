# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The frames of a rig on /tf_static."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from geometry_msgs.msg import Quaternion, TransformStamped, Vector3

from audio_manifold_ros.nodes.common.qos import LATCHED_QOS
from audio_manifold_ros.nodes.rig.quaternions import quaternion_from_rpy
from audio_manifold_ros.rig.extrinsics import EXTRINSICS_FILE, Extrinsics, Transform
from audio_manifold_ros.rig.rig import RIG_FILE, MicrophoneArray
from audio_manifold_ros.rig.rig_frames import rig_frames

if TYPE_CHECKING:
    from pathlib import Path

    from rclpy.node import Node
    from rclpy.publisher import Publisher


def publish_static_frames(node: Node, rig: Path) -> Publisher | None:
    """Publish all frames of a rig, latched; None, with a warning, where tf2_msgs is not installed.

    Raises:
        CalibrationError: The rig cannot be used.

    """
    array = MicrophoneArray.from_yaml(rig / RIG_FILE)
    frames = rig_frames(array, Extrinsics.from_yaml(rig / EXTRINSICS_FILE))
    try:
        from tf2_msgs.msg import TFMessage
    except ImportError:
        node.get_logger().warning('tf2_msgs is not installed: /tf_static is not published.')
        return None
    stamp = node.get_clock().now().to_msg()
    publisher = node.create_publisher(TFMessage, '/tf_static', LATCHED_QOS)
    publisher.publish(TFMessage(transforms=[to_transform(frame, stamp) for frame in frames]))
    return publisher


def to_transform(transform: Transform, stamp: Any) -> TransformStamped:
    """Turn a transform into a message."""
    message = TransformStamped(child_frame_id=transform.child)
    message.header.stamp, message.header.frame_id = stamp, transform.parent
    x, y, z = transform.translation_m
    message.transform.translation = Vector3(x=x, y=y, z=z)
    qx, qy, qz, qw = quaternion_from_rpy(transform.rotation_rpy_rad)
    message.transform.rotation = Quaternion(x=qx, y=qy, z=qz, w=qw)
    return message
