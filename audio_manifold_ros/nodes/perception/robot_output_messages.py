# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Messages of the outputs for robots, by topic, from the images of one instant."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from nav_msgs.msg import OccupancyGrid
from sensor_msgs.msg import CompressedImage, Image, LaserScan, PointCloud2
from visualization_msgs.msg import MarkerArray

from audio_manifold_ros.drawing.colormaps import colour_depth, palette
from audio_manifold_ros.nodes.common.detection_messages import (
    OPTICAL_UP,
    ROOT_UP,
    DetectionType,
    detection_type,
    to_markers,
)
from audio_manifold_ros.nodes.common.messages import to_header, to_image, to_point_cloud
from audio_manifold_ros.nodes.common.robot_messages import to_compressed_image, to_laser_scan, to_occupancy_grid
from audio_manifold_ros.nodes.perception.robot_output_parameters import (
    CompressedParameters,
    DetectionParameters,
    ObstacleGridParameters,
    ScanParameters,
)
from audio_manifold_ros.robot_outputs.all_round_detections import vehicle_detections
from audio_manifold_ros.robot_outputs.class_roles import ClassRoles
from audio_manifold_ros.robot_outputs.compressed_images import (
    COLOUR_FORMATS,
    COMPRESSED_DEPTH_FORMAT,
    compress_colours,
    compress_depth,
)
from audio_manifold_ros.robot_outputs.confidence_bytes import confidence_to_bytes
from audio_manifold_ros.robot_outputs.detection import Detection
from audio_manifold_ros.robot_outputs.detection_errors import angle_std_rad, range_log_std, vehicle_errors
from audio_manifold_ros.robot_outputs.image_detections import DetectionSettings, find_detections
from audio_manifold_ros.robot_outputs.obstacle_grid import GridSettings, ObstacleGrid
from audio_manifold_ros.robot_outputs.obstacle_scan import ObstacleScan, ScanProjector, ScanSettings
from audio_manifold_ros.robot_outputs.organised_cloud import to_organised_cloud

if TYPE_CHECKING:
    from std_msgs.msg import Header

    from audio_manifold_ros.common.array_types import RgbImage
    from audio_manifold_ros.inference.bundle.manifest import DepthRange, Manifest
    from audio_manifold_ros.nodes.perception.camera_mount import CameraMount
    from audio_manifold_ros.nodes.perception.predicted_images import PredictedImages


@dataclass(frozen=True)
class RobotOutput:
    """One output for robots.

    Attributes:
        topic: Name of the topic.
        message: Class of its messages.
        make: Returns the message for images.

    """

    topic: str
    message: Any
    make: Callable[[PredictedImages], Any]


@dataclass(frozen=True)
class RobotOutputSettings:
    """Settings of all outputs for robots."""

    scan: ScanParameters
    obstacles: ObstacleGridParameters
    detections: DetectionParameters
    compressed: CompressedParameters


class RobotOutputMessages:
    """Outputs for robots of a bundle.

    Args:
        manifest: Manifest of the bundle.
        camera_frame: Frame of the images.
        mount: Mount of the camera. Without it there is neither a scan nor a grid.
        settings: Settings of all outputs.

    """

    def __init__(
        self, manifest: Manifest, camera_frame: str, mount: CameraMount | None, settings: RobotOutputSettings
    ) -> None:
        """Prepare what does not depend on the images."""
        self._manifest, self._camera_frame, self._mount, self._settings = manifest, camera_frame, mount, settings
        self._roles = ClassRoles.from_classes(manifest.classes)
        self._class_colours = {entry.id: entry.colour for entry in manifest.classes}
        self._palette = palette(self._class_colours)
        self._projector: ScanProjector | None = None
        self._grid: ObstacleGrid | None = None
        self._detection_type = detection_type()
        self._vehicles = None if mount is None else manifest.vehicles
        is_metric = manifest.depth is not None and manifest.depth.unit != 'relative'
        self._has_image_detections = is_metric and bool(self._roles.is_object.any())
        self._vehicle_errors = vehicle_errors(manifest)
        self._class_ids = {entry.name: entry.id for entry in manifest.classes}
        self._detection_settings = DetectionSettings(
            settings.detections.min_pixels,
            settings.detections.min_confidence,
            range_log_std(manifest),
            angle_std_rad(manifest),
        )

    @property
    def has_detection_type(self) -> bool:
        """True if a message type of detections is installed."""
        return self._detection_type is not None

    def outputs(self) -> list[RobotOutput]:
        """Return the outputs that the heads of the bundle and the rig allow."""
        manifest, depth, mount, detections = self._manifest, self._manifest.depth, self._mount, self._detection_type
        found = [RobotOutput('~/confidence/image_u8', Image, self._confidence)]
        if manifest.classes:
            found.append(_compressed('~/segmentation/image_color', self._compressed_label_colours))
        if depth is not None and depth.unit == 'relative':
            found.append(_compressed('~/disparity/image_color', self._compressed_depth_colours))
        if self._has_image_detections or self._vehicles is not None:
            found.append(RobotOutput('~/detection_markers', MarkerArray, self._markers))
            if detections is not None:
                found.append(RobotOutput('~/detections', detections.message, partial(self._detections, detections)))
        if depth is None or depth.unit == 'relative':
            return found
        found.append(_compressed('~/depth/image_color', self._compressed_depth_colours))
        compress = partial(self._compressed_depth, depth)
        found.append(RobotOutput('~/depth/image/compressedDepth', CompressedImage, compress))
        found.append(RobotOutput('~/points', PointCloud2, self._points))
        if mount is not None:
            found.append(RobotOutput('~/scan', LaserScan, partial(self._scan, mount)))
            found.append(RobotOutput('~/obstacles', OccupancyGrid, partial(self._obstacles, mount)))
        return found

    def _confidence(self, images: PredictedImages) -> Image:
        return to_image(confidence_to_bytes(images.confidence), 'mono8', self._header(images))

    def _points(self, images: PredictedImages) -> PointCloud2:
        labels = images.labels
        points = to_organised_cloud(
            images.require_depth(),
            self._manifest.camera,
            labels=labels,
            confidence=images.confidence,
            colours=None if labels is None else self._label_colours(images),
        )
        return to_point_cloud(points, self._header(images))

    def _compressed_depth(self, depth: DepthRange, images: PredictedImages) -> CompressedImage:
        data = compress_depth(images.require_depth(), depth.min_m, depth.max_m)
        return to_compressed_image(data, COMPRESSED_DEPTH_FORMAT, self._header(images))

    def _compressed_depth_colours(self, images: PredictedImages) -> CompressedImage:
        return self._compress(colour_depth(images.require_depth()), images)

    def _compressed_label_colours(self, images: PredictedImages) -> CompressedImage:
        return self._compress(self._label_colours(images), images)

    def _compress(self, image: RgbImage, images: PredictedImages) -> CompressedImage:
        compressed = self._settings.compressed
        data = compress_colours(image, compressed.format, compressed.jpeg_quality)
        return to_compressed_image(data, COLOUR_FORMATS[compressed.format], self._header(images))

    def _scan(self, mount: CameraMount, images: PredictedImages) -> LaserScan:
        return to_laser_scan(self._project(mount, images), to_header(images.stamp_ns, mount.scan_frame))

    def _obstacles(self, mount: CameraMount, images: PredictedImages) -> OccupancyGrid:
        settings = self._settings.obstacles
        if self._grid is None:
            grid_settings = GridSettings(settings.size_m, settings.resolution_m, settings.decay_s)
            self._grid = ObstacleGrid(grid_settings, mount.optical_in_root)
        percent = self._grid.update(self._project(mount, images), images.stamp_ns)
        header = to_header(images.stamp_ns, mount.root_frame)
        return to_occupancy_grid(percent, settings.resolution_m, self._grid.origin_m, header)

    def _markers(self, images: PredictedImages) -> MarkerArray:
        up = OPTICAL_UP if self._is_in_image(images) else ROOT_UP
        return to_markers(self._find(images), self._class_colours, self._detection_header(images), up)

    def _detections(self, detections: DetectionType, images: PredictedImages) -> Any:
        return detections.make(self._find(images), self._detection_header(images))

    def _project(self, mount: CameraMount, images: PredictedImages) -> ObstacleScan:
        depth_m = images.require_depth()
        if self._projector is None:
            scan = self._settings.scan
            settings = ScanSettings(scan.min_height_m, scan.max_height_m, scan.max_range_m, scan.min_confidence)
            shape = (depth_m.shape[0], depth_m.shape[1])
            self._projector = ScanProjector(self._manifest.camera, mount.optical_in_root, self._roles, settings, shape)
        projector = self._projector
        return images.derive('scan', lambda: projector.project(depth_m, images.labels, images.confidence))

    def _find(self, images: PredictedImages) -> list[Detection]:
        return images.derive('detections', partial(self._find_all, images))

    def _find_all(self, images: PredictedImages) -> list[Detection]:
        """Return the nearest first: vehicles all round and other classes of the images, or all of the images."""
        in_image = self._find_in_image(images) if self._has_image_detections else []
        mount, config = self._mount, self._vehicles
        if images.vehicles is None or mount is None or config is None:
            return in_image
        found = vehicle_detections(
            images.vehicles,
            config,
            self._settings.detections.min_vehicle_probability,
            self._vehicle_errors,
            mount.array_m,
            self._class_ids,
        )
        others = [detection for detection in in_image if detection.class_name not in config.classes]
        found += [detection.in_root(mount.optical_in_root, mount.array_m) for detection in others]
        return sorted(found, key=lambda detection: detection.distance_m)

    def _find_in_image(self, images: PredictedImages) -> list[Detection]:
        return find_detections(
            images.require_depth(),
            images.require_labels(),
            images.confidence,
            self._manifest.camera,
            self._roles,
            self._detection_settings,
        )

    def _is_in_image(self, images: PredictedImages) -> bool:
        """Return whether detections are in the optical frame: without a map of vehicles or a mount."""
        return images.vehicles is None or self._mount is None or self._vehicles is None

    def _detection_header(self, images: PredictedImages) -> Header:
        if self._mount is None or self._is_in_image(images):
            return self._header(images)
        return to_header(images.stamp_ns, self._mount.root_frame)

    def _label_colours(self, images: PredictedImages) -> RgbImage:
        return images.derive('label colours', lambda: self._palette[images.require_labels()])

    def _header(self, images: PredictedImages) -> Header:
        return to_header(images.stamp_ns, self._camera_frame)


def _compressed(topic: str, make: Callable[[PredictedImages], CompressedImage]) -> RobotOutput:
    """Return the output `compressed` of an image topic."""
    return RobotOutput(f'{topic}/compressed', CompressedImage, make)
