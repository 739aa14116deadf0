# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from numpy.typing import NDArray

from audio_manifold_ros.common.class_ids import (
    BICYCLE,
    BUILDING,
    CAR,
    PERSON,
    POLE,
    RIDER,
    ROAD,
    SIDEWALK,
    SKY,
    TERRAIN,
    TRAFFIC_LIGHT,
    TRAFFIC_SIGN,
    VEGETATION,
)
from audio_manifold_ros.common.resource_paths import resource_path
from audio_manifold_ros.rig.camera import CameraModel
from audio_manifold_ros.simulation.mirrored_street import mirrored_street
from audio_manifold_ros.simulation.motion_table import MotionTable
from audio_manifold_ros.simulation.ray_casting import FAR_M, NEAR_M
from audio_manifold_ros.simulation.ray_geometry import moving_solids, street_boxes, street_crowns, street_cylinders
from audio_manifold_ros.simulation.renderer import MAX_DEPTH_M, CameraRenderer
from audio_manifold_ros.simulation.road_axis import STRAIGHT
from audio_manifold_ros.simulation.scene import Facade, Pedestrian, Pole, PoleKind, Street, Tree
from audio_manifold_ros.simulation.sensor_poses import CameraPose
from audio_manifold_ros.simulation.street import make_street
from audio_manifold_ros.simulation.trajectory import StraightTrajectory
from audio_manifold_ros.simulation.vehicle import Vehicle, VehicleKind

CAMERA = CameraModel.from_yaml(resource_path('calibration/roof_octagon/camera.yaml'))
MOUNT_M = np.array([0.4, 0.0, 1.5])
MOUNT = CameraPose(MOUNT_M)


def empty_street() -> Street:
    street = make_street(0, 2.0)
    ego = dataclasses.replace(street.ego, trajectory=StraightTrajectory((0.0, 0.0, 0.0), (10.0, 0.0, 0.0)), yaw_rad=0.0)
    empty = dict.fromkeys(('facades', 'trees', 'fences', 'vehicles', 'pedestrians', 'poles', 'junctions'), ())
    return dataclasses.replace(street, ego=ego, axis=STRAIGHT, **empty)


def car(x_m: float = 20.0, y_m: float = 0.0, velocity_mps: float = 0.0) -> Vehicle:
    motion = StraightTrajectory((x_m, y_m, 0.0), (velocity_mps, 0.0, 0.0))
    return Vehicle(VehicleKind.CAR, motion, 4.0, 1.8, 1.5, True, False, 0.0, 40.0)


def slow_ground(street: Street, point: NDArray[np.float64]) -> int:
    """Return the class of the ground at a point, from a fine search along the centre line."""
    stations = np.arange(-150.0, 260.0, 0.02)
    axis, _ = street.axis.to_world(stations)
    nearest = stations[np.argmin(np.linalg.norm(axis - point[:2], axis=1))]
    origin, heading = street.axis.to_world(np.array(nearest))
    offset = float((point[:2] - origin) @ np.array([-np.sin(heading), np.cos(heading)]))
    if street.road_right_m < offset < street.road_left_m:
        return ROAD
    label = SIDEWALK if street.pavement_right_m < offset < street.pavement_left_m else TERRAIN
    for junction in street.junctions:
        centre, heading = street.axis.to_world(np.array(junction.station_m))
        turn = np.array([[np.cos(heading), np.sin(heading)], [-np.sin(heading), np.cos(heading)]])
        across, beside = turn @ (point[:2] - centre)
        if np.sign(beside) in junction.arms and abs(beside) < junction.reach_m:
            if abs(across) < junction.half_road_m:
                return ROAD
            if abs(across) < junction.half_street_m:
                label = SIDEWALK
    return label


def slow_solid(shape: NDArray[np.float64], eye: NDArray[np.float64], ray: NDArray[np.float64], form: str) -> float:
    """Return the depth at which a ray enters a solid, in the axes of the solid."""
    cos, sin = shape[3:5]
    turn = np.array([[cos, sin, 0], [-sin, cos, 0], [0, 0, 1]])
    start, step = turn @ (eye - shape[:3]) / shape[5:], turn @ ray / shape[5:]
    if form == 'box':
        bounds = np.sort(np.stack([(-1 - start) / step, (1 - start) / step]), axis=0)
        entry, leave = max(NEAR_M, bounds[0].max()), bounds[1].min()
        return entry if entry < leave else np.inf
    axes = 2 if form == 'cylinder' else 3
    a, b, c = step[:axes] @ step[:axes], start[:axes] @ step[:axes], start[:axes] @ start[:axes] - 1
    if b * b <= a * c:
        return np.inf
    entry, leave = (-b - np.sqrt(b * b - a * c)) / a, (-b + np.sqrt(b * b - a * c)) / a
    if form == 'cylinder':
        bounds = np.sort([(-1 - start[2]) / step[2], (1 - start[2]) / step[2]])
        entry, leave = max(NEAR_M, entry, bounds[0]), min(leave, bounds[1])
        return entry if entry < leave else np.inf
    return entry if entry > NEAR_M else np.inf


def slow_cast(street: Street, time_s: float, row: int, column: int) -> tuple[float, int]:
    """Cast one ray at all solids, one after the other, without shortcuts."""
    ray = np.array([1.0, -(column - CAMERA.cx) / CAMERA.fx, -(row - CAMERA.cy) / CAMERA.fy])
    ray = street.ego.rotation(time_s) @ ray
    eye = street.ego.to_world(MOUNT_M[None], time_s)[0]
    poses = MotionTable([one.trajectory for one in (*street.vehicles, *street.pedestrians)]).poses(time_s)
    moving = moving_solids(street)
    forms = {
        'box': street_boxes(street) + moving.boxes.placed(moving.box_objects, poses),
        'cylinder': street_cylinders(street),
        'ellipsoid': street_crowns(street) + moving.ellipsoids.placed(moving.ellipsoid_objects, poses),
    }
    hits = [(np.inf, SKY)]
    if ray[2] < 0:
        distance = eye[2] / -ray[2]
        hits.append((distance, slow_ground(street, eye + distance * ray)))
    for form, solids in forms.items():
        for shape, label in zip(solids.shapes, solids.labels, strict=True):
            ahead = (shape[:2] - eye[:2]) @ street.ego.rotation(time_s)[:2, 0]
            if ahead - np.hypot(*shape[5:7]) < FAR_M:
                hits.append((slow_solid(shape, eye, ray, form), int(label)))
    depth, label = min(hits, key=lambda hit: hit[0])
    return (min(depth, MAX_DEPTH_M), label) if np.isfinite(depth) else (np.nan, SKY)


# A bend, a junction with crossing traffic, pedestrians and bicycles, and traffic on the left are among these streets.
@pytest.mark.parametrize('seed', [3, 11, 900_013, 900_022])
def test_equals_a_slow_ray_caster(seed: int) -> None:
    street = make_street(seed, 2.0)
    depth_m, labels = CameraRenderer(street, CAMERA, MOUNT).render(0.7)
    rng = np.random.default_rng(seed)
    for row, column in rng.integers(0, 128, (60, 2)):
        slow_m, label = slow_cast(street, 0.7, row, column)
        assert depth_m[row, column] == pytest.approx(slow_m, rel=1e-5, nan_ok=True)
        assert labels[row, column] == label or depth_m[row, column] > 60.0


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
    depth_m, labels = CameraRenderer(make_street(5, 2.0), CAMERA, MOUNT).render(3.0)
    assert depth_m.shape == labels.shape == (128, 128)
    assert depth_m.dtype == np.float32
    assert labels.dtype == np.uint8
    assert np.nanmax(depth_m) <= MAX_DEPTH_M
    assert not np.isinf(depth_m).any()
    np.testing.assert_array_equal(np.isnan(depth_m), labels == SKY)


def test_a_camera_turned_left_equals_a_car_turned_left() -> None:
    street, above = make_street(5, 2.0), np.array([0.0, 0.0, 1.5])
    heading = dataclasses.replace(street, ego=dataclasses.replace(street.ego, yaw_rad=street.ego.yaw_rad + 0.3))
    turned = CameraRenderer(street, CAMERA, CameraPose(above, 0.3)).render(1.0)
    straight = CameraRenderer(heading, CAMERA, CameraPose(above)).render(1.0)
    np.testing.assert_allclose(turned[0], straight[0], rtol=1e-6)
    np.testing.assert_array_equal(turned[1], straight[1])


def test_a_camera_to_the_rear_sees_what_is_behind() -> None:
    street = dataclasses.replace(empty_street(), vehicles=(car(x_m=-12.0),))
    depth_m, labels = CameraRenderer(street, CAMERA, CameraPose(np.array([0.0, 0.0, 1.5]), np.pi)).render(0.0)
    assert depth_m[labels == CAR].min() == pytest.approx(10.0, rel=1e-6)


@pytest.mark.parametrize('seed', [900_008, 900_013])
def test_the_image_of_a_mirrored_street_is_mirrored(seed: int) -> None:
    # The stride of a person has a left and a right.
    street = dataclasses.replace(make_street(seed, 2.0), pedestrians=())
    original = CameraRenderer(street, CAMERA, MOUNT).render(0.5)
    mirrored = CameraRenderer(mirrored_street(street), CAMERA, MOUNT).render(0.5)
    assert np.isclose(mirrored[0][:, ::-1], original[0], rtol=1e-5, equal_nan=True).mean() > 0.999
    # A ray along an edge may miss it on one side.
    assert (mirrored[1][:, ::-1] == original[1]).mean() > 0.999


def test_persons_bicycles_and_poles_are_labelled() -> None:
    motion = StraightTrajectory((6.0, 1.0, 0.0))
    bicycle = Vehicle(
        VehicleKind.BICYCLE, StraightTrajectory((8.0, -1.5, 0.0)), 1.75, 0.6, 1.75, False, False, 0.0, 0.0
    )
    street = dataclasses.replace(
        empty_street(),
        vehicles=(bicycle,),
        pedestrians=(Pedestrian(motion, 1.75, 0.5),),
        poles=(
            Pole(PoleKind.TRAFFIC_LIGHT, (7.0, -3.0), 0.0, 3.3, 0.07),
            Pole(PoleKind.SIGN, (7.0, 3.0), 0.0, 2.5, 0.04),
        ),
    )
    depth_m, labels = CameraRenderer(street, CAMERA, MOUNT).render(0.0)
    assert {PERSON, BICYCLE, RIDER, POLE, TRAFFIC_LIGHT, TRAFFIC_SIGN} <= set(np.unique(labels).tolist())
    assert np.median(depth_m[labels == PERSON]) == pytest.approx(5.6 - 0.15, abs=0.15)
    rows = np.flatnonzero((labels == PERSON).any(axis=1))
    assert (rows.max() - rows.min()) / CAMERA.fy * 5.5 == pytest.approx(1.75, abs=0.1)
