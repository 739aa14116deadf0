# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Detections of the true vehicles around the robot of a simulated drive."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from std_msgs.msg import Header

from audio_manifold_ros.common.class_ids import CLASS_NAMES
from audio_manifold_ros.networks.vehicle_map import VehiclePosition
from audio_manifold_ros.rig.scan_frame import scan_frame
from audio_manifold_ros.robot_outputs.all_round_detections import VehicleErrors, to_detection

if TYPE_CHECKING:
    from builtin_interfaces.msg import Time
    from rclpy.publisher import Publisher

    from audio_manifold_ros.nodes.common.detection_messages import DetectionType
    from audio_manifold_ros.simulation.drive import Drive

CLASS_IDS = {name: class_id for class_id, name in enumerate(CLASS_NAMES)}
NO_ERRORS = VehicleErrors(range_log_std=0.0, angle_std_rad=0.0)


class TrueDetections:
    """Publishes the vehicles in traffic within 50 m, hidden ones included, while the topic has subscribers."""

    def __init__(self, publisher: Publisher, kind: DetectionType, frame_prefix: str) -> None:
        """Keep the publisher.

        Args:
            publisher: Publisher of messages of this type.
            kind: Type of the messages.
            frame_prefix: Prefix of all frames.

        """
        self._publisher, self._kind, self._prefix = publisher, kind, frame_prefix

    def publish(self, drive: Drive, time_s: float, stamp: Time) -> None:
        """Publish the vehicles of an instant in the root frame of the rig.

        Args:
            drive: The drive.
            time_s: Time since its start.
            stamp: Stamp of the message.

        """
        if not self._publisher.get_subscription_count():
            return
        detections = [
            to_detection(
                VehiclePosition(CLASS_NAMES[one.class_id], one.azimuth_rad, one.distance_m),
                NO_ERRORS,
                np.zeros(3),
                CLASS_IDS,
            )
            for one in drive.vehicles(time_s)
        ]
        header = Header(stamp=stamp, frame_id=self._prefix + scan_frame(drive.extrinsics).parent)
        self._publisher.publish(self._kind.make(detections, header))
