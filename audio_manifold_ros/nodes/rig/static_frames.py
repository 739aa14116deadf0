# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Static transforms of a rig, published on /tf_static."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geometry_msgs.msg import Quaternion, TransformStamped, Vector3
from std_msgs.msg import Header

from audio_manifold_ros.nodes.common.qos import LATCHED_QOS
from audio_manifold_ros.rig.extrinsics import EXTRINSICS_FILE, Extrinsics, Transform
from audio_manifold_ros.rig.rig import RIG_FILE, MicrophoneArray
from audio_manifold_ros.rig.rig_frames import rig_frames
from audio_manifold_ros.rig.rotation import quaternion_from_rpy

if TYPE_CHECKING:
    from pathlib import Path

    from builtin_interfaces.msg import Time
    from rclpy.node import Node
    from rclpy.publisher import Publisher


def publish_static_frames(node: Node, rig: Path, prefix: str = '') -> Publisher | None:
    """Publish all frames of a rig once, latched.

    Args:
        node: The node that publishes.
        rig: Folder of the rig.
        prefix: Prefix of the names of all frames.

    Returns:
        The publisher, or None (with a warning in the log) if tf2_msgs is not installed.

    Raises:
        RigError: The rig cannot be used.

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
    publisher.publish(TFMessage(transforms=[to_transform(frame, stamp, prefix) for frame in frames]))
    return publisher


def to_transform(transform: Transform, stamp: Time, prefix: str = '') -> TransformStamped:
    """Return a transform as a message, with a prefix before the names of both frames."""
    header = Header(stamp=stamp, frame_id=f'{prefix}{transform.parent}')
    message = TransformStamped(header=header, child_frame_id=f'{prefix}{transform.child}')
    x, y, z = transform.translation_m
    message.transform.translation = Vector3(x=x, y=y, z=z)
    qx, qy, qz, qw = quaternion_from_rpy(transform.rotation_rpy_rad)
    message.transform.rotation = Quaternion(x=qx, y=qy, z=qz, w=qw)
    return message
