# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Readers of the outputs for robots that follow the source of the programs that read them on a robot.

Each function repeats what its program does with a message: the semantic segmentation layer, the obstacle layer and the
collision monitor of Nav2, and the subscribers of image_transport. They use nothing of this project.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

FIELD_TYPES = {2: np.uint8, 7: np.float32}
INFINITE_RANGE_MARGIN_M = 0.0001


def field_values(cloud: Any, name: str) -> NDArray[Any]:
    """Return the values of a field, as the iterators of sensor_msgs step: from its offset by `point_step`."""
    field = next(entry for entry in cloud.fields if entry.name == name)
    dtype = np.dtype(FIELD_TYPES[field.datatype]).newbyteorder('>' if cloud.is_bigendian else '<')
    count = len(cloud.data) // cloud.point_step
    values = np.ndarray((count,), dtype, bytes(cloud.data), field.offset, (cloud.point_step,))
    return values.copy()


@dataclass(frozen=True)
class TileObservation:
    """Observation of the semantic segmentation layer: class id and confidence (0 to 255) of a tile."""

    class_id: int
    confidence: int


def semantic_layer_tiles(
    segmentation: Any, confidence: Any, cloud: Any, *, min_m: float = 0.3, max_m: float = 5.0, tile_m: float = 0.5
) -> dict[tuple[int, int], TileObservation]:
    """Return the observation of each tile of the plane x, z of the camera, with the highest confidence.

    The layer steps through the cloud with three iterators, once for each pixel of the class image, without a check
    of the sizes. An iterator beyond the end is an IndexError here.
    """
    x, y, z = (field_values(cloud, name) for name in 'xyz')
    best: dict[tuple[int, int], int] = {}
    for row in range(segmentation.height):
        for column in range(segmentation.width):
            pixel = row * segmentation.width + column
            if not math.isfinite(z[pixel]):
                continue
            distance = x[pixel] ** 2 + y[pixel] ** 2 + z[pixel] ** 2
            if distance >= max_m**2 or distance <= min_m**2:
                continue
            tile = math.floor(x[pixel] / tile_m), math.floor(z[pixel] / tile_m)
            if tile not in best or confidence.data[pixel] > confidence.data[best[tile]]:
                best[tile] = pixel
    return {tile: TileObservation(segmentation.data[pixel], confidence.data[pixel]) for tile, pixel in best.items()}


def collision_monitor_points(scan: Any) -> list[tuple[float, float]]:
    """Return the points (x, y) in the frame of the scan that the collision monitor takes as obstacles."""
    angle, points = scan.angle_min, []
    for value in scan.ranges:
        if scan.range_min <= value <= scan.range_max:
            points.append((value * math.cos(angle), value * math.sin(angle)))
        angle += scan.angle_increment
    return points


def obstacle_layer_points(scan: Any, *, inf_is_valid: bool) -> list[tuple[float, float]]:
    """Return the points (x, y) in the frame of the scan up to which the obstacle layer clears.

    The layer turns +Inf into a range just below the largest one. The projection then drops the largest range and NaN.
    """
    points = []
    for index, value in enumerate(scan.ranges):
        reading = value
        if inf_is_valid and not math.isfinite(reading) and reading > 0:
            reading = scan.range_max - INFINITE_RANGE_MARGIN_M
        if scan.range_min <= reading < scan.range_max:
            angle = scan.angle_min + index * scan.angle_increment
            points.append((reading * math.cos(angle), reading * math.sin(angle)))
    return points


def decompress_depth(message: Any) -> NDArray[np.float32]:
    """Return the depth that the subscriber of compressed_depth_image_transport passes on."""
    encoding, _, kind = message.format.partition(';')
    assert (encoding, 'compressedDepth png' in kind) == ('32FC1', True)
    data = bytes(message.data)
    _, quantisation_a, quantisation_b = struct.unpack('<iff', data[:12])
    codes = cv2.imdecode(np.frombuffer(data[12:], np.uint8), cv2.IMREAD_UNCHANGED)
    assert codes.dtype == np.uint16
    with np.errstate(divide='ignore'):
        depth_m = quantisation_a / (codes.astype(np.float32) - np.float32(quantisation_b))
    return np.where(codes > 0, depth_m, np.nan).astype(np.float32)


def decompress_colours(message: Any) -> NDArray[np.uint8]:
    """Return the rgb8 image that the subscriber of compressed_image_transport passes on."""
    image = cv2.imdecode(np.frombuffer(bytes(message.data), np.uint8), cv2.IMREAD_UNCHANGED)
    encoding, _, compressed = message.format.partition(';')
    assert encoding == 'rgb8'
    decoded = cv2.cvtColor(image, cv2.COLOR_BGR2RGB) if 'compressed bgr' in compressed else image
    return np.asarray(decoded, np.uint8)


def read_detection(detection: Any) -> tuple[str, float, Any]:
    """Return class, probability and pose with covariance, of vision_msgs or of this project."""
    if hasattr(detection, 'results'):
        (result,) = detection.results
        assert result.pose.pose == detection.bbox.center
        return result.hypothesis.class_id, result.hypothesis.score, result.pose
    return detection.class_name, detection.probability, detection.pose


@dataclass(frozen=True)
class PlanarMeasurement:
    """An object in a plane as seen from a sensor: azimuth to the left, distance, and deviations along and across it."""

    class_name: str
    probability: float
    azimuth_rad: float
    distance_m: float
    along_m: float
    across_m: float


def planar_measurement(detection: Any, sensor_m: Sequence[float]) -> PlanarMeasurement:
    """Return a detection in a frame with z up as a tracker in the plane takes it: only from pose and covariance.

    Args:
        detection: Of vision_msgs or of this project.
        sensor_m: Position of the sensor in the frame of the message.

    """
    name, probability, pose = read_detection(detection)
    x, y = pose.pose.position.x - sensor_m[0], pose.pose.position.y - sensor_m[1]
    distance_m = math.hypot(x, y)
    covariance = np.array(pose.covariance).reshape(6, 6)[:2, :2]
    ahead = np.array([x, y]) / distance_m
    across = np.array([-ahead[1], ahead[0]])
    deviations = (math.sqrt(float(axis @ covariance @ axis)) for axis in (ahead, across))
    return PlanarMeasurement(name, probability, math.atan2(y, x), distance_m, *deviations)


def exact_time_sets(*streams: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Return the sets of messages that the exact synchroniser of message_filters calls back with: of equal stamps."""
    by_stamp = [{(m.header.stamp.sec, m.header.stamp.nanosec): m for m in stream} for stream in streams]
    common = set(by_stamp[0]).intersection(*by_stamp[1:])
    return [tuple(messages[stamp] for messages in by_stamp) for stamp in sorted(common)]


def frames(messages: Iterable[Any]) -> set[str]:
    """Return the frames of messages."""
    return {message.header.frame_id for message in messages}
