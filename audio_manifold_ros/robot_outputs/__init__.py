# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Outputs for robots: organised point cloud, scan, detections, occupancy grid and compressed images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_manifold_ros.common.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from audio_manifold_ros.robot_outputs.all_round_detections import vehicle_detections
    from audio_manifold_ros.robot_outputs.class_roles import ClassRoles
    from audio_manifold_ros.robot_outputs.compressed_images import compress_colours, compress_depth
    from audio_manifold_ros.robot_outputs.confidence_bytes import confidence_to_bytes
    from audio_manifold_ros.robot_outputs.detection import Detection
    from audio_manifold_ros.robot_outputs.detection_errors import angle_std_rad, range_log_std
    from audio_manifold_ros.robot_outputs.image_detections import DetectionSettings, find_detections
    from audio_manifold_ros.robot_outputs.obstacle_grid import GridSettings, ObstacleGrid
    from audio_manifold_ros.robot_outputs.obstacle_scan import ObstacleScan, ScanProjector, ScanSettings
    from audio_manifold_ros.robot_outputs.organised_cloud import to_organised_cloud

__all__ = [
    'ClassRoles',
    'Detection',
    'DetectionSettings',
    'GridSettings',
    'ObstacleGrid',
    'ObstacleScan',
    'ScanProjector',
    'ScanSettings',
    'angle_std_rad',
    'compress_colours',
    'compress_depth',
    'confidence_to_bytes',
    'find_detections',
    'range_log_std',
    'to_organised_cloud',
    'vehicle_detections',
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        'class_roles': 'ClassRoles',
        'compressed_images': 'compress_colours compress_depth',
        'confidence_bytes': 'confidence_to_bytes',
        'detection_errors': 'angle_std_rad range_log_std',
        'detection': 'Detection',
        'image_detections': 'DetectionSettings find_detections',
        'obstacle_grid': 'GridSettings ObstacleGrid',
        'obstacle_scan': 'ObstacleScan ScanProjector ScanSettings',
        'organised_cloud': 'to_organised_cloud',
        'all_round_detections': 'vehicle_detections',
    },
)
