# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Parameters of the outputs for robots, one dataclass per output."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from audio_manifold_ros.nodes.common.parameters import parameter
from audio_manifold_ros.robot_outputs.compressed_images import COLOUR_FORMATS


@dataclass(frozen=True)
class ScanParameters:
    """~/scan, and the obstacles of ~/obstacles."""

    PREFIX: ClassVar[str] = 'scan'
    min_height_m: float = parameter(0.3, 'Lowest height of an obstacle above the ground.', minimum=-10.0, maximum=100.0)
    max_height_m: float = parameter(
        2.0, 'Largest height of an obstacle above the ground.', minimum=-10.0, maximum=100.0
    )
    max_range_m: float = parameter(30.0, 'Largest range of an obstacle.', minimum=1.0, maximum=1000.0)
    min_confidence: float = parameter(
        0.4, 'Beams with lower confidence are NaN: neither free nor occupied.', minimum=0.0, maximum=1.0
    )


@dataclass(frozen=True)
class ObstacleGridParameters:
    """~/obstacles."""

    PREFIX: ClassVar[str] = 'obstacles'
    size_m: float = parameter(40.0, 'Side of the grid, with the robot in its centre.', minimum=1.0, maximum=200.0)
    resolution_m: float = parameter(0.5, 'Side of a cell.', minimum=0.1, maximum=10.0)
    decay_s: float = parameter(0.5, 'Time constant of the decay of the evidence.', minimum=0.01, maximum=60.0)


@dataclass(frozen=True)
class DetectionParameters:
    """~/detections and ~/detection_markers."""

    PREFIX: ClassVar[str] = 'detections'
    min_pixels: int = parameter(20, 'Smaller regions are not detections.', minimum=1, maximum=100_000)
    min_confidence: float = parameter(
        0.4, 'Regions with a lower mean confidence are not detections.', minimum=0.0, maximum=1.0
    )
    min_vehicle_probability: float = parameter(
        0.5, 'Vehicles all round with a lower probability are not detections.', minimum=0.01, maximum=1.0
    )


@dataclass(frozen=True)
class CompressedParameters:
    """Compressed colour images."""

    PREFIX: ClassVar[str] = 'compressed'
    format: str = parameter('jpeg', 'Format of the compressed colour images.', choices=tuple(COLOUR_FORMATS))
    jpeg_quality: int = parameter(90, 'Quality of JPEG.', minimum=1, maximum=100)


ROBOT_PARAMETER_GROUPS = (ScanParameters, ObstacleGridParameters, DetectionParameters, CompressedParameters)
