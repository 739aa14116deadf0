# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Messages of detections: of vision_msgs where it is installed, else of this project, and markers for RViz."""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from builtin_interfaces.msg import Duration
from geometry_msgs.msg import Point, Pose, PoseWithCovariance, Quaternion, Vector3
from std_msgs.msg import ColorRGBA, Header
from visualization_msgs.msg import Marker, MarkerArray

from audio_manifold_ros.networks.vehicle_map import VehiclePosition

if TYPE_CHECKING:
    from audio_manifold_ros.common.array_types import FloatArray
    from audio_manifold_ros.robot_outputs.detection import Detection

# The orientation of a detection is unknown.
ANGLE_VARIANCE = math.pi**2
MARKER_LIFETIME_NS = 500_000_000
TEXT_HEIGHT_M = 0.6
OPACITY = 0.5
GREY = (128, 128, 128)
# Unit vectors that point up in the optical frame of a camera, and in the root frame of a rig.
OPTICAL_UP, ROOT_UP = (0.0, -1.0, 0.0), (0.0, 0.0, 1.0)


@dataclass(frozen=True)
class DetectionType:
    """Message type of the detections.

    Attributes:
        message: Class of the message.
        make: Returns the message of detections and a header.
        describe: Returns class, probability and centre of one detection of a message.

    """

    message: Any
    make: Callable[[Sequence[Detection], Header], Any]
    describe: Callable[[Any], tuple[str, float, Point]]

    def positions(self, message: Any, centre_m: FloatArray) -> list[VehiclePosition]:
        """Return class, direction and distance of the detections of a message.

        Args:
            message: Message with detections in the root frame of a rig.
            centre_m: Point (3,) of that frame from which direction and distance count.

        """
        found = []
        for name, probability, point in map(self.describe, message.detections):
            ahead_m, left_m = point.x - centre_m[0], point.y - centre_m[1]
            azimuth_rad, distance_m = math.atan2(left_m, ahead_m), math.hypot(ahead_m, left_m)
            found.append(VehiclePosition(name, azimuth_rad, distance_m, probability))
        return found


def detection_type() -> DetectionType | None:
    """Return the first message type that is installed: of vision_msgs, of this project, or None.

    Messages of this project that were built before these detections existed do not contain them.
    """
    for package, name, make, describe in (
        ('vision_msgs', 'Detection3DArray', to_detection_3d_array, describe_detection_3d),
        ('audio_manifold_msgs', 'DetectionArray', to_detection_array, describe_detection),
    ):
        try:
            messages = importlib.import_module(f'{package}.msg')
        except ImportError:
            continue
        if hasattr(messages, name):
            return DetectionType(getattr(messages, name), partial(make, messages), describe)
    return None


def describe_detection_3d(detection: Any) -> tuple[str, float, Point]:
    """Return class (the most probable, empty without any), probability and centre of a `vision_msgs/Detection3D`."""
    hypotheses = [result.hypothesis for result in detection.results]
    best = max(hypotheses, key=lambda hypothesis: hypothesis.score, default=None)
    name, probability = ('', 0.0) if best is None else (best.class_id, best.score)
    return name, probability, detection.bbox.center.position


def describe_detection(detection: Any) -> tuple[str, float, Point]:
    """Return class, probability and centre of an `audio_manifold_msgs/Detection`."""
    return detection.class_name, detection.probability, detection.pose.pose.position


def to_detection_3d_array(messages: Any, detections: Sequence[Detection], header: Header) -> Any:
    """Return a `vision_msgs/Detection3DArray`.

    Args:
        messages: The module `vision_msgs.msg`.
        detections: Detections in the frame of the header.
        header: Stamp and frame.

    """
    found = []
    for detection in detections:
        pose = _pose(detection)
        hypothesis = messages.ObjectHypothesis(class_id=detection.class_name, score=detection.probability)
        result = messages.ObjectHypothesisWithPose(hypothesis=hypothesis, pose=pose)
        box = messages.BoundingBox3D(center=pose.pose, size=_vector(detection.extent_m))
        found.append(messages.Detection3D(header=header, results=[result], bbox=box, id=''))
    return messages.Detection3DArray(header=header, detections=found)


def to_detection_array(messages: Any, detections: Sequence[Detection], header: Header) -> Any:
    """Return an `audio_manifold_msgs/DetectionArray`.

    Args:
        messages: The module `audio_manifold_msgs.msg`.
        detections: Detections in the frame of the header.
        header: Stamp and frame.

    """
    found = [
        messages.Detection(
            class_id=detection.class_id,
            class_name=detection.class_name,
            probability=detection.probability,
            bearing_rad=detection.bearing_rad,
            distance_m=detection.distance_m,
            pose=_pose(detection),
            size=_vector(detection.extent_m),
        )
        for detection in detections
    ]
    return messages.DetectionArray(header=header, detections=found)


def to_markers(
    detections: Sequence[Detection],
    colours: Mapping[int, Sequence[int]],
    header: Header,
    up: Sequence[float] = OPTICAL_UP,
) -> MarkerArray:
    """Return a box and a line of text for each detection. The first marker deletes those of the last image.

    Args:
        detections: Detections in the frame of the header.
        colours: Colour (red, green, blue) of each class id, 0 to 255. Other ids are grey.
        header: Stamp and frame.
        up: Unit vector (3,) that points up in that frame.

    """
    markers = [Marker(header=header, action=Marker.DELETEALL)]
    lifetime = Duration(nanosec=MARKER_LIFETIME_NS)
    for index, detection in enumerate(detections):
        red, green, blue = (value / 255 for value in colours.get(detection.class_id, GREY))
        position, size = detection.position_m, _vector(detection.extent_m)
        box = Marker(header=header, ns='box', id=index, type=Marker.CUBE, lifetime=lifetime, scale=size)
        box.pose = _pose(detection).pose
        box.color = ColorRGBA(r=red, g=green, b=blue, a=OPACITY)
        text = f'{detection.class_name} {detection.distance_m:.0f} m {detection.probability:.0%}'
        label = Marker(header=header, ns='text', id=index, type=Marker.TEXT_VIEW_FACING, lifetime=lifetime, text=text)
        height_m = abs(float(np.dot(up, detection.extent_m))) / 2 + TEXT_HEIGHT_M
        x, y, z = (float(value) for value in position + height_m * np.asarray(up))
        label.pose.position = Point(x=x, y=y, z=z)
        label.scale.z, label.color = TEXT_HEIGHT_M, ColorRGBA(r=1.0, g=1.0, b=1.0, a=1.0)
        markers += [box, label]
    return MarkerArray(markers=markers)


def _pose(detection: Detection) -> PoseWithCovariance:
    x, y, z = detection.position_m.tolist()
    covariance = [0.0] * 36
    for row in range(3):
        covariance[6 * row : 6 * row + 3] = detection.covariance_m2[row].tolist()
        covariance[7 * (row + 3)] = ANGLE_VARIANCE
    pose = Pose(position=Point(x=x, y=y, z=z), orientation=Quaternion(w=1.0))
    return PoseWithCovariance(pose=pose, covariance=covariance)


def _vector(values: Any) -> Vector3:
    x, y, z = (float(value) for value in values)
    return Vector3(x=x, y=y, z=z)
