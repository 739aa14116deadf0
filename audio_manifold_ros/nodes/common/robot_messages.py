# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Messages of the outputs for robots: scan, occupancy grid, compressed images."""

from __future__ import annotations

import array
from typing import TYPE_CHECKING

from geometry_msgs.msg import Point, Pose, Quaternion
from nav_msgs.msg import MapMetaData, OccupancyGrid
from sensor_msgs.msg import CompressedImage, LaserScan

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from std_msgs.msg import Header

    from audio_manifold_ros.robot_outputs.obstacle_scan import ObstacleScan

# A reader drops smaller ranges. No obstacle is nearer than the depth range of a bundle begins.
MIN_RANGE_M = 0.1


def to_laser_scan(scan: ObstacleScan, header: Header) -> LaserScan:
    """Return a scan as a message. Its header names the scan frame."""
    beams = len(scan.ranges_m)
    return LaserScan(
        header=header,
        angle_min=scan.angle_min_rad,
        angle_max=scan.angle_min_rad + scan.angle_increment_rad * (beams - 1),
        angle_increment=scan.angle_increment_rad,
        range_min=MIN_RANGE_M,
        range_max=scan.max_range_m,
        ranges=array.array('f', scan.ranges_m.tobytes()),
    )


def to_occupancy_grid(percent: NDArray[np.int8], resolution_m: float, origin_m: float, header: Header) -> OccupancyGrid:
    """Return a grid as a message.

    Args:
        percent: int8 (y, x), probability of an obstacle in percent, -1 unknown.
        resolution_m: Side of a cell.
        origin_m: Coordinate x and y of the corner of the first cell.
        header: Stamp and frame of the robot.

    """
    height, width = percent.shape
    corner = Pose(position=Point(x=origin_m, y=origin_m, z=0.0), orientation=Quaternion(w=1.0))
    info = MapMetaData(map_load_time=header.stamp, resolution=resolution_m, width=width, height=height, origin=corner)
    return OccupancyGrid(header=header, info=info, data=array.array('b', percent.tobytes()))


def to_compressed_image(data: bytes, image_format: str, header: Header) -> CompressedImage:
    """Return a file as a message.

    Args:
        data: Content of the file, after the header of its transport if that has one.
        image_format: Text that the plug-in of image_transport expects.
        header: Stamp and frame.

    """
    return CompressedImage(header=header, format=image_format, data=array.array('B', data))
