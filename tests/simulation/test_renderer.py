# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from numpy.typing import NDArray

from audio_manifold_ros.common.class_ids import BUILDING, CAR, ROAD, SIDEWALK, SKY, TERRAIN, VEGETATION
from audio_manifold_ros.common.errors import SimulationError
from audio_manifold_ros.common.resource_paths import resource_path
from audio_manifold_ros.rig.camera import CameraModel
from audio_manifold_ros.simulation.ray_geometry import street_boxes, street_crowns
from audio_manifold_ros.simulation.renderer import FAR_M, MAX_DEPTH_M, NEAR_M, CameraRenderer
from audio_manifold_ros.simulation.scene import Facade, Street, Tree, Vehicle, VehicleKind
from audio_manifold_ros.simulation.sensor_poses import CameraPose
from audio_manifold_ros.simulation.street import make_street
from audio_manifold_ros.simulation.trajectory import StraightTrajectory

CAMERA = CameraModel.from_yaml(resource_path('calibration/roof_octagon/camera.yaml'))
MOUNT_M = np.array([0.4, 0.0, 1.5])
MOUNT = CameraPose(MOUNT_M)


def empty_street() -> Street:
    street = make_street(0)
    ego = dataclasses.replace(street.ego, trajectory=StraightTrajectory((0.0, 0.0, 0.0), (10.0, 0.0, 0.0)), yaw_rad=0.0)
    return dataclasses.replace(street, facades=(), trees=(), fences=(), vehicles=(), ego=ego)


def car(x_m: float = 20.0, y_m: float = 0.0, velocity_mps: float = 0.0) -> Vehicle:
    motion = StraightTrajectory((x_m, y_m, 0.0), (velocity_mps, 0.0, 0.0))
    return Vehicle(VehicleKind.CAR, motion, 4.0, 1.8, 1.5, True, False, 0.0, 40.0)


def slow_ground(street: Street, eye: NDArray[np.float64], ray: NDArray[np.float64]) -> tuple[float, int]:
    if ray[2] >= 0:
        return np.inf, SKY
    distance = eye[2] / -ray[2]
    y = eye[1] + distance * ray[1]
    if street.road_right_m < y < street.road_left_m:
        return distance, ROAD
    return distance, SIDEWALK if street.pavement_right_m < y < street.pavement_left_m else TERRAIN


def slow_box(low: NDArray[np.float64], high: NDArray[np.float64], ray: NDArray[np.float64]) -> float:
    if low[0] >= FAR_M or high[0] <= 0:
        return np.inf
    entry, leave = NEAR_M, np.inf
    for a, b, d in zip(low, high, ray, strict=True):
        entry, leave = max(entry, min(a / d, b / d)), min(leave, max(a / d, b / d))
    return entry if entry < leave else np.inf


def slow_crown(centre: NDArray[np.float64], radius: NDArray[np.float64], ray: NDArray[np.float64]) -> float:
    d, c = ray / radius, centre / radius
    root = (d @ c) ** 2 - (d @ d) * (c @ c - 1)
    if not -3.0 < centre[0] < 120.0 or root <= 0:
        return np.inf
    entry = (d @ c - np.sqrt(root)) / (d @ d)
    return entry if entry > NEAR_M else np.inf


def slow_cast(street: Street, time_s: float, row: int, column: int) -> tuple[float, int]:
    """Cast one ray at all solids, one after the other, without shortcuts."""
    ray = np.array([1.0, -(column - CAMERA.cx) / CAMERA.fx, -(row - CAMERA.cy) / CAMERA.fy])
    ray = street.ego.rotation() @ ray
    eye = street.ego.to_world(MOUNT_M[None], time_s)[0]
    boxes, crowns = street_boxes(street), street_crowns(street)
    hits = [slow_ground(street, eye, ray)]
    for low, high, speed, kind in zip(boxes.low_m, boxes.high_m, boxes.velocity_mps, boxes.labels, strict=True):
        shift = np.array([speed * time_s, 0.0, 0.0]) - eye
        hits.append((slow_box(low + shift, high + shift, ray), int(kind)))
    for centre, radius in zip(crowns.centre_m, crowns.radius_m, strict=True):
        hits.append((slow_crown(centre - eye, radius, ray), VEGETATION))
    depth, label = min(hits, key=lambda hit: hit[0])
    return (min(depth, MAX_DEPTH_M), label) if np.isfinite(depth) else (np.nan, SKY)


@pytest.mark.parametrize('seed', [3, 11, 24, 900_001])
def test_equals_a_slow_ray_caster(seed: int) -> None:
    street = make_street(seed)
    depth_m, labels = CameraRenderer(street, CAMERA, MOUNT).render(0.7)
    rng = np.random.default_rng(seed)
    for row, column in rng.integers(0, 128, (150, 2)):
        slow_m, label = slow_cast(street, 0.7, row, column)
        assert depth_m[row, column] == pytest.approx(slow_m, rel=1e-5, nan_ok=True)
        assert labels[row, column] == label


def test_ground_follows_the_pinhole() -> None:
    depth_m, labels = CameraRenderer(empty_street(), CAMERA, MOUNT).render(0.0)
    rows = np.arange(70, 128)
    expected = np.minimum(1.5 * CAMERA.fy / (rows - CAMERA.cy), MAX_DEPTH_M)
    np.testing.assert_allclose(depth_m[rows, 64], expected, rtol=1e-6)
    assert (labels[rows, 64] == ROAD).all()
    assert np.isnan(depth_m[:64]).all()
    assert (labels[:64] == SKY).all()


def test_an_approaching_car_has_the_expected_depth() -> None:
    street = dataclasses.replace(empty_street(), vehicles=(car(velocity_mps=-5.0),))
    renderer = CameraRenderer(street, CAMERA, MOUNT)
    for time_s in (0.0, 0.5, 1.0):
        depth_m, labels = renderer.render(time_s)
        nose_m = 20.0 - 2.0 - 0.4 - (5.0 + 10.0) * time_s
        assert depth_m[labels == CAR].min() == pytest.approx(nose_m, rel=1e-6)


def test_objects_on_the_left_are_in_the_left_half() -> None:
    street = dataclasses.replace(empty_street(), vehicles=(car(y_m=3.0),))
    _, labels = CameraRenderer(street, CAMERA, MOUNT).render(0.0)
    columns = np.flatnonzero((labels == CAR).any(axis=0))
    assert columns.size
    assert columns.max() < 64


def test_a_near_car_hides_a_far_one() -> None:
    near, far = car(x_m=10.0), car(x_m=30.0)
    pictures = [
        CameraRenderer(dataclasses.replace(empty_street(), vehicles=order), CAMERA, MOUNT).render(0.0)
        for order in ((near, far), (far, near))
    ]
    np.testing.assert_array_equal(pictures[0][0], pictures[1][0])
    np.testing.assert_array_equal(pictures[0][1], pictures[1][1])


def test_walls_and_crowns_are_labelled() -> None:
    wall = Facade.along_x(+1, 5.0, (-50.0, 100.0), 12.0, 10.0, 0.1, 0.2)
    tree = Tree(12.0, -4.0, 0.2, 2.5, 1.5, 4.0, False)
    street = dataclasses.replace(empty_street(), facades=(wall,), trees=(tree,))
    depth_m, labels = CameraRenderer(street, CAMERA, MOUNT).render(0.0)
    assert (labels[60, :40] == BUILDING).all()
    assert (labels == VEGETATION).any()
    column = 10
    expected_m = 5.0 / ((CAMERA.cx - column) / CAMERA.fx)
    assert depth_m[60, column] == pytest.approx(expected_m, rel=1e-6)


def test_shape_type_and_range() -> None:
    depth_m, labels = CameraRenderer(make_street(5), CAMERA, MOUNT).render(3.0)
    assert depth_m.shape == labels.shape == (128, 128)
    assert depth_m.dtype == np.float32
    assert labels.dtype == np.uint8
    assert np.nanmax(depth_m) <= MAX_DEPTH_M
    assert not np.isinf(depth_m).any()
    np.testing.assert_array_equal(np.isnan(depth_m), labels == SKY)


def test_a_camera_turned_left_equals_a_car_turned_left() -> None:
    street, above = make_street(5), np.array([0.0, 0.0, 1.5])
    heading = dataclasses.replace(street, ego=dataclasses.replace(street.ego, yaw_rad=street.ego.yaw_rad + 0.3))
    turned = CameraRenderer(street, CAMERA, CameraPose(above, 0.3)).render(1.0)
    straight = CameraRenderer(heading, CAMERA, CameraPose(above)).render(1.0)
    np.testing.assert_allclose(turned[0], straight[0], rtol=1e-6)
    np.testing.assert_array_equal(turned[1], straight[1])


@pytest.mark.parametrize('yaw_rad', [0.9, -1.6, 3.1])
def test_a_camera_with_a_view_to_the_side_is_refused(yaw_rad: float) -> None:
    with pytest.raises(SimulationError, match=f'turned {np.degrees(yaw_rad):.1f}° to the left'):
        CameraRenderer(empty_street(), CAMERA, CameraPose(MOUNT_M, yaw_rad))
