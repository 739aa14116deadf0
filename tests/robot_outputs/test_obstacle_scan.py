# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from audio_manifold_ros.rig.camera import CameraModel
from audio_manifold_ros.rig.rotation import rotation_matrix
from audio_manifold_ros.rig.transform_chain import Pose
from audio_manifold_ros.robot_outputs.class_roles import ClassRoles
from audio_manifold_ros.robot_outputs.obstacle_scan import ObstacleScan, ScanProjector, ScanSettings
from tests.robot_outputs.conftest import BUILDING, ROAD, SKY, horizontal_fov_rad

SETTINGS = ScanSettings(min_height_m=0.3, max_height_m=2.0, max_range_m=30.0, min_confidence=0.4)
CAMERA_HEIGHT_M = 1.5
OPTICAL = rotation_matrix((-math.pi / 2, 0.0, -math.pi / 2))
SHAPE = (128, 128)


def pose(pitch: float = 0.0, yaw: float = 0.0, height_m: float = CAMERA_HEIGHT_M) -> Pose:
    return Pose(rotation_matrix((0.0, pitch, yaw)) @ OPTICAL, np.array([0.4, 0.0, height_m]))


def wall_scene(camera: CameraModel, view: Pose, wall_m: float) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """Return depth and labels of flat ground and a wall across the view, by intersection with two planes."""
    rows, columns = np.mgrid[: camera.height, : camera.width]
    rays = np.stack([(columns - camera.cx) / camera.fx, (rows - camera.cy) / camera.fy, np.ones(SHAPE)], axis=-1)
    directions = rays @ view.rotation.T
    heading = view.rotation[:2, 2] / np.hypot(*view.rotation[:2, 2])
    with np.errstate(divide='ignore'):
        ground = -view.translation_m[2] / directions[..., 2]
        wall = wall_m / (directions[..., :2] @ heading)
    ground[ground <= 0], wall[wall <= 0] = np.inf, np.inf
    depth_m = np.minimum(ground, wall).astype(np.float32)
    return depth_m, np.where(wall < ground, BUILDING, ROAD).astype(np.uint8)


def angles(scan: ObstacleScan) -> NDArray[np.float64]:
    return scan.angle_min_rad + scan.angle_increment_rad * np.arange(len(scan.ranges_m))


@pytest.mark.parametrize(('pitch', 'yaw'), [(0.0, 0.0), (0.08, 0.0), (0.0, 2.5), (-0.06, -1.0)])
def test_a_wall_has_its_distance_at_every_angle(
    camera: CameraModel, roles: ClassRoles, pitch: float, yaw: float
) -> None:
    view = pose(pitch, yaw)
    depth_m, labels = wall_scene(camera, view, 8.0)
    scan = ScanProjector(camera, view, roles, SETTINGS, SHAPE).project(depth_m, labels, None)
    # The lower corners of a pitched image are wider than its horizon. Nothing is known there.
    is_known = np.isfinite(scan.ranges_m)
    assert np.all(is_known[3:-3])
    ranges_m, at_rad = scan.ranges_m[is_known], np.abs(angles(scan)[is_known])
    # A beam takes the nearest point within its width.
    assert np.all(ranges_m <= 8.0 / np.cos(at_rad) * 1.01)
    assert np.all(ranges_m >= 8.0 / np.cos(np.maximum(at_rad - 2 * scan.angle_increment_rad, 0)) * 0.99)
    if pitch == yaw == 0.0:
        assert -2 * scan.angle_min_rad == pytest.approx(horizontal_fov_rad(camera))


def test_no_obstacle_falls_between_beams(camera: CameraModel, roles: ClassRoles) -> None:
    view = pose()
    projector = ScanProjector(camera, view, roles, SETTINGS, SHAPE)
    for column in range(128):
        depth_m, labels = np.full(SHAPE, np.nan, np.float32), np.full(SHAPE, SKY, np.uint8)
        depth_m[63, column], labels[63, column] = 10.0, BUILDING
        scan = projector.project(depth_m, labels, None)
        azimuth = -math.atan2(column - camera.cx, camera.fx)
        hits = np.flatnonzero(np.isfinite(scan.ranges_m))
        assert len(hits) > 0, column
        assert scan.ranges_m[hits] == pytest.approx(10.0 / math.cos(azimuth), rel=1e-5)
        assert np.all(np.abs(angles(scan)[hits] - azimuth) <= scan.angle_increment_rad / 2 + 0.5 / camera.fx)


def test_the_sky_is_free_and_the_ground_is_no_obstacle(camera: CameraModel, roles: ClassRoles) -> None:
    depth_m, labels = wall_scene(camera, pose(), np.inf)
    depth_m[np.isinf(depth_m)], labels[np.isinf(depth_m)] = np.nan, SKY
    # A predicted depth of the ground that is 20 % too small lifts it by 30 cm.
    scan = ScanProjector(camera, pose(), roles, SETTINGS, SHAPE).project(depth_m * np.float32(0.75), labels, None)
    assert np.all(np.isposinf(scan.ranges_m))


@pytest.mark.parametrize(('height_m', 'is_obstacle'), [(0.1, False), (0.4, True), (1.9, True), (2.2, False)])
def test_only_obstacles_between_the_heights_count(
    camera: CameraModel, roles: ClassRoles, height_m: float, *, is_obstacle: bool
) -> None:
    depth_m, labels = np.full(SHAPE, np.nan, np.float32), np.full(SHAPE, SKY, np.uint8)
    row = 64
    # The depth at which this row, just below the horizon, has the height: the camera is moved, not the row.
    view = pose(height_m=height_m + 10.0 * (row - camera.cy) / camera.fy)
    depth_m[row, 64], labels[row, 64] = 10.0, BUILDING
    scan = ScanProjector(camera, view, roles, SETTINGS, SHAPE).project(depth_m, labels, None)
    assert bool(np.isfinite(scan.ranges_m).any()) is is_obstacle


def test_low_confidence_is_unknown(camera: CameraModel, roles: ClassRoles) -> None:
    depth_m, labels = wall_scene(camera, pose(), 8.0)
    confidence = np.full(SHAPE, 0.9, np.float32)
    confidence[:, :64] = 0.1
    projector = ScanProjector(camera, pose(), roles, SETTINGS, SHAPE)
    scan = projector.project(depth_m, labels, confidence)
    left, right = angles(scan) > 0.05, angles(scan) < -0.05
    assert np.all(np.isnan(scan.ranges_m[left]))
    assert np.all(np.isfinite(scan.ranges_m[right]))
    # Without any obstacle, low confidence is unknown too, and not free.
    empty = projector.project(np.full(SHAPE, np.nan, np.float32), np.full(SHAPE, SKY, np.uint8), confidence)
    assert np.all(np.isnan(empty.ranges_m[left]))
    assert np.all(np.isposinf(empty.ranges_m[right]))


def test_an_uncertain_obstacle_is_not_cleared_by_a_certain_one_behind_it(
    camera: CameraModel, roles: ClassRoles
) -> None:
    depth_m, labels = wall_scene(camera, pose(), 20.0)
    confidence = np.full(SHAPE, 0.9, np.float32)
    depth_m[63, 40:50], labels[63, 40:50], confidence[63, 40:50] = 5.0, BUILDING, 0.2
    scan = ScanProjector(camera, pose(), roles, SETTINGS, SHAPE).project(depth_m, labels, confidence)
    is_hidden = np.abs(angles(scan) + math.atan2(44.5 - camera.cx, camera.fx)) < 0.05
    assert np.all(np.isnan(scan.ranges_m[is_hidden]))
    assert np.isfinite(scan.ranges_m[64])


def test_a_camera_that_does_not_see_the_horizon_reports_nothing_as_free(camera: CameraModel, roles: ClassRoles) -> None:
    view = pose(pitch=0.8)
    depth_m, labels = wall_scene(camera, view, np.inf)
    scan = ScanProjector(camera, view, roles, SETTINGS, SHAPE).project(depth_m, labels, None)
    assert np.all(np.isnan(scan.ranges_m))


def test_without_classes_the_height_decides(camera: CameraModel) -> None:
    depth_m, _ = wall_scene(camera, pose(), 8.0)
    projector = ScanProjector(camera, pose(), ClassRoles.from_classes(()), SETTINGS, SHAPE)
    assert projector.project(depth_m, None, None).ranges_m.min() == pytest.approx(8.0, rel=0.01)
