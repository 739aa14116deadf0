# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Outputs for robots over DDS, read as the programs of a robot read them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from nav_msgs.msg import OccupancyGrid
from sensor_msgs.msg import CompressedImage, Image, LaserScan, PointCloud2
from visualization_msgs.msg import MarkerArray

from audio_manifold_ros.bags.storage.bag_reader import BagReader
from audio_manifold_ros.inference.bundle.bundle import Bundle
from audio_manifold_ros.nodes.common.detection_messages import detection_type
from audio_manifold_ros.nodes.common.messages import from_image
from tests.nodes.peer import ACTIVATE, CONFIGURE, NodeProcess, Peer
from tests.nodes.robot_readers import (
    collision_monitor_points,
    decompress_colours,
    decompress_depth,
    exact_time_sets,
    field_values,
    frames,
    obstacle_layer_points,
    read_detection,
    semantic_layer_tiles,
)

pytestmark = pytest.mark.ros
CAMERA_HEIGHT_M = 1.5
CAR = 13
IMAGES = 6
BASE: dict[str, Any] = {
    'depth/image': Image,
    'depth/image_color': Image,
    'segmentation/image': Image,
    'segmentation/image_color': Image,
    'confidence/image': Image,
}
ROBOT: dict[str, Any] = {
    'points': PointCloud2,
    'confidence/image_u8': Image,
    'scan': LaserScan,
    'obstacles': OccupancyGrid,
    'detection_markers': MarkerArray,
    'depth/image/compressedDepth': CompressedImage,
    'depth/image_color/compressed': CompressedImage,
    'segmentation/image_color/compressed': CompressedImage,
}
EVIDENCE = {'scan.min_confidence': 0.0, 'detections.min_confidence': 0.0, 'detections.min_pixels': 1}


@pytest.fixture
def received(
    peer: Peer, start_node: Callable[..., NodeProcess], small_bundle: Path, wav: Path, tmp_path: Path
) -> dict[str, list[Any]]:
    """Return the messages of all topics of a node, also those that a recorder has written to a bag."""
    parameters = {name.replace('.', '__'): value for name, value in EVIDENCE.items()}
    node = start_node(
        bundle=small_bundle,
        source__kind='file',
        source__file=wav,
        source__loop=True,
        compressed__format='png',
        **parameters,
    )
    detections = detection_type()
    kinds = {**BASE, **ROBOT, **({} if detections is None else {'detections': detections.message})}
    messages = {topic: peer.subscribe(kind, f'/perception/{topic}', 100) for topic, kind in kinds.items()}
    assert peer.change(CONFIGURE), node.output
    recorder = start_node(
        'recorder',
        folder=tmp_path / 'bags',
        topics='[' + ', '.join(f'/perception/{topic}' for topic in kinds) + ']',
        preflight__mode='skip',
    )
    points = '/perception/points'
    peer.wait(lambda: peer.node.count_subscribers(points) == 2, 30, 'recorder')
    assert peer.change(ACTIVATE), node.output
    peer.wait(lambda: min(len(found) for found in messages.values()) >= IMAGES, 60, 'messages of all topics')
    assert recorder.end() == 0, recorder.output
    assert node.end() == 0, node.output
    with BagReader(next((tmp_path / 'bags').iterdir())) as bag:
        recorded = {topic.name for topic in bag.topics}
    assert recorded >= {f'/perception/{topic}' for topic in kinds}, recorder.output
    return messages


def test_robots_can_use_every_output(received: dict[str, list[Any]], small_bundle: Path) -> None:
    optical = [topic for topic in received if topic not in {'scan', 'obstacles', 'detection_markers'}]
    assert frames(message for topic in optical for message in received[topic]) == {'camera_optical_frame'}
    assert frames(received['scan']) == {'camera_scan_frame'}
    assert frames(received['obstacles']) == {'base_link'}
    check_cloud_and_semantic_layer(received)
    check_scan_and_grid(received)
    check_detections(received)
    check_compressed_images(received, small_bundle)


def check_cloud_and_semantic_layer(received: dict[str, list[Any]]) -> None:
    streams = ('segmentation/image', 'confidence/image_u8', 'points', 'depth/image', 'confidence/image')
    sets = exact_time_sets(*(received[topic] for topic in streams))
    assert len(sets) >= IMAGES - 1
    for segmentation, confidence, cloud, depth, probability in sets:
        assert (cloud.height, cloud.width) == (depth.height, depth.width) == (segmentation.height, segmentation.width)
        assert (cloud.is_dense, confidence.encoding, segmentation.encoding) == (False, 'mono8', 'mono8')
        labels, depth_m = from_image(segmentation), from_image(depth)
        assert np.array_equal(field_values(cloud, 'z'), depth_m.ravel(), equal_nan=True)
        assert np.array_equal(field_values(cloud, 'class_id'), labels.ravel())
        assert np.array_equal(field_values(cloud, 'confidence'), from_image(probability).ravel())
        assert np.array_equal(from_image(confidence), np.rint(from_image(probability) * 255))
    segmentation, confidence, cloud, depth, _ = sets[-1]
    tiles = semantic_layer_tiles(segmentation, confidence, cloud, max_m=40.0)
    assert tiles
    is_valid = np.isfinite(from_image(depth))
    assert {tile.class_id for tile in tiles.values()} <= set(from_image(segmentation)[is_valid].tolist())
    assert max(tile.confidence for tile in tiles.values()) <= from_image(confidence)[is_valid].max()


def check_scan_and_grid(received: dict[str, list[Any]]) -> None:
    sets = exact_time_sets(received['scan'], received['points'])
    assert len(sets) >= IMAGES - 1
    obstacles = 0
    for scan, cloud in sets:
        points = np.array(collision_monitor_points(scan)).reshape(-1, 2)
        # The collision monitor takes no free or unknown beam as an obstacle.
        assert len(points) == np.isfinite(scan.ranges).sum()
        assert np.isclose(scan.angle_max, scan.angle_min + scan.angle_increment * (len(scan.ranges) - 1))
        x, y, z = (field_values(cloud, name) for name in 'xyz')
        is_obstacle = (CAMERA_HEIGHT_M - y >= 0.3) & (CAMERA_HEIGHT_M - y <= 2.0)
        is_obstacle &= field_values(cloud, 'class_id') == CAR
        level = np.stack([z, -x], axis=1)[is_obstacle]
        for point in points:
            # A beam is at most 0.4 degrees and half a pixel beside the point that it stands for.
            nearest = np.hypot(*(level - point).T)
            assert nearest.min() <= 0.03 * np.hypot(*point)
        obstacles += len(points)
        cleared = obstacle_layer_points(scan, inf_is_valid=True)
        assert len(cleared) == np.isfinite(scan.ranges).sum() + np.isposinf(scan.ranges).sum()
    assert obstacles > 0
    grid = received['obstacles'][-1]
    assert len(grid.data) == grid.info.width * grid.info.height == 80 * 80
    assert (grid.info.origin.position.x, grid.info.origin.position.y) == (-20.0, -20.0)
    values = np.array(grid.data).reshape(80, 80)
    assert values[40, 10] == -1  # behind the car
    assert (values >= 0).any()


def check_detections(received: dict[str, list[Any]]) -> None:
    for markers in received['detection_markers']:
        assert markers.markers[0].action == markers.markers[0].DELETEALL
        assert len(markers.markers) % 2 == 1
    assert max(len(markers.markers) for markers in received['detection_markers']) > 1
    arrays = received.get('detections', [])
    found = [detection for array in arrays for detection in array.detections]
    assert bool(found) == bool(arrays)
    for detection in found:
        name, probability, pose = read_detection(detection)
        position = pose.pose.position
        assert (name, 0 <= probability <= 1, position.z > 0) == ('car', True, True)
        if hasattr(detection, 'distance_m'):
            distance_m = np.sqrt(position.x**2 + position.y**2 + position.z**2)
            assert np.isclose(detection.distance_m, distance_m, rtol=1e-5)
        assert np.linalg.eigvalsh(np.array(pose.covariance).reshape(6, 6)).min() > 0


def check_compressed_images(received: dict[str, list[Any]], small_bundle: Path) -> None:
    depth = Bundle.load(small_bundle).manifest.depth
    assert depth is not None
    for image, compressed in exact_time_sets(received['depth/image'], received['depth/image/compressedDepth']):
        depth_m, decoded = from_image(image), decompress_depth(compressed)
        assert np.array_equal(np.isnan(decoded), np.isnan(depth_m))
        is_valid = np.isfinite(depth_m)
        inside = np.clip(depth_m[is_valid], depth.min_m, depth.max_m)
        assert np.allclose(decoded[is_valid], inside, rtol=depth.max_m * (1 / depth.min_m) / 65_534)
    for name in ('depth', 'segmentation'):
        pairs = exact_time_sets(received[f'{name}/image_color'], received[f'{name}/image_color/compressed'])
        assert len(pairs) >= IMAGES - 1
        assert all(np.array_equal(from_image(image), decompress_colours(message)) for image, message in pairs)
