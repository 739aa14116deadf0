# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pytest

from audio_manifold_ros.rig.camera import CameraModel
from audio_manifold_ros.robot_outputs.class_roles import ClassRoles
from audio_manifold_ros.robot_outputs.image_detections import MAX_PER_CLASS, DetectionSettings, find_detections
from tests.robot_outputs.conftest import BUILDING, CAR, PERSON

SETTINGS = DetectionSettings(min_pixels=20, min_confidence=0.3, range_log_std=0.5, angle_std_rad=0.1)
SHAPE = (128, 128)


def scene() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return a wall with a car on the left, a nearer person on the right, and a car of four pixels."""
    depth_m, labels = np.full(SHAPE, 40.0, np.float32), np.full(SHAPE, BUILDING, np.uint8)
    confidence = np.full(SHAPE, 0.8, np.float32)
    for rows, columns, class_id, distance_m in (
        (slice(64, 84), slice(20, 40), CAR, 20.0),
        (slice(60, 90), slice(100, 106), PERSON, 5.0),
        (slice(10, 12), slice(10, 12), CAR, 9.0),
    ):
        depth_m[rows, columns], labels[rows, columns] = distance_m, class_id
    return depth_m, labels, confidence


def test_regions_become_detections(camera: CameraModel, roles: ClassRoles) -> None:
    person, car = find_detections(*scene(), camera, roles, SETTINGS)
    assert (person.class_name, car.class_name) == ('person', 'car')
    assert (person.class_id, car.class_id) == (PERSON, CAR)
    x, y = 20.0 * (29.5 - camera.cx) / camera.fx, 20.0 * (73.5 - camera.cy) / camera.fy
    np.testing.assert_allclose(car.position_m, (x, y, 20.0), rtol=1e-5)
    assert car.distance_m == pytest.approx(math.hypot(x, y, 20.0))
    assert car.bearing_rad == pytest.approx(math.atan2(-x, 20.0))
    assert person.bearing_rad < 0 < car.bearing_rad
    assert car.probability == pytest.approx(0.8)
    assert car.extent_m[0] == pytest.approx(20.0 * 0.9 * 19 / camera.fx, rel=0.06)
    assert car.extent_m[1] == pytest.approx(20.0 * 0.9 * 19 / camera.fy, rel=0.06)


def test_the_covariance_is_long_towards_the_camera(camera: CameraModel, roles: ClassRoles) -> None:
    car = find_detections(*scene(), camera, roles, SETTINGS)[1]
    values, vectors = np.linalg.eigh(car.covariance_m2)
    np.testing.assert_allclose(np.sqrt(values), np.array([0.1, 0.1, 0.5]) * car.distance_m)
    assert abs(vectors[:, 2] @ car.position_m) == pytest.approx(car.distance_m)


def test_uncertain_regions_and_pixels_without_depth_are_left_out(camera: CameraModel, roles: ClassRoles) -> None:
    depth_m, labels, confidence = scene()
    confidence[64:84, 20:40] = 0.2
    assert [found.class_name for found in find_detections(depth_m, labels, confidence, camera, roles, SETTINGS)] == [
        'person'
    ]
    assert find_detections(np.full_like(depth_m, np.nan), labels, confidence, camera, roles, SETTINGS) == []


def test_an_image_of_small_regions_is_limited(camera: CameraModel, roles: ClassRoles) -> None:
    labels = np.full(SHAPE, BUILDING, np.uint8)
    labels[::2, ::2] = CAR
    images = np.full(SHAPE, 9.0, np.float32), labels, np.full(SHAPE, 0.8, np.float32)
    found = find_detections(*images, camera, roles, DetectionSettings(1, 0.3, 0.5, 0.1))
    assert len(found) == MAX_PER_CLASS


def test_the_first_detections_load_no_large_package() -> None:
    """The import of `scipy.ndimage` with the first image took so long that the next windows were dropped."""
    program = [
        'import sys',
        'import numpy as np',
        'from audio_manifold_ros.robot_outputs.image_detections import _regions',
        'regions = _regions(np.eye(8, dtype=bool), 1)',
        'assert [len(region) for region in regions] == [8], regions',
        "assert not {'scipy', 'torch'} & set(sys.modules), sorted(sys.modules)",
    ]
    subprocess.run([sys.executable, '-c', '\n'.join(program)], check=True, timeout=60)
