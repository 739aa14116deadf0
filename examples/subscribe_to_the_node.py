# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Subscribe to the depth images of the perception node and print their nearest point.

    ./run exec python examples/subscribe_to_the_node.py [IMAGES]

Start the node first, for example: ros2 launch audio_manifold_ros simulated_drive.launch.py
"""

from __future__ import annotations

import sys

import numpy as np
import rclpy
from rclpy.node import Node
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import Image

from audio_manifold_ros.nodes.common import from_image


class DepthPrinter(Node):
    """Node that prints a line for each depth image."""

    def __init__(self) -> None:
        """Subscribe."""
        super().__init__('depth_printer')
        self.count = 0
        self.create_subscription(Image, '/perception/depth/image', self._print_nearest, qos_profile_sensor_data)

    def _print_nearest(self, message: Image) -> None:
        self.count += 1
        depth_m = from_image(message)
        print(f'{message.header.stamp.sec}.{message.header.stamp.nanosec:09d}: {np.nanmin(depth_m):.1f} m', flush=True)


def main() -> None:
    """Run the example."""
    images = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    rclpy.init()
    node = DepthPrinter()
    while node.count < images:
        rclpy.spin_once(node)
    rclpy.shutdown()


if __name__ == '__main__':
    main()
