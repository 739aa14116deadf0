# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import math

import pytest

from audio_manifold_ros.inference.bundle.manifest import LabelClass
from audio_manifold_ros.rig.camera import CameraModel
from audio_manifold_ros.robot_outputs.class_roles import ClassRoles

ROAD, BUILDING, SKY, CAR, PERSON = 0, 2, 10, 13, 11
NAMES = {ROAD: 'road', BUILDING: 'building', SKY: 'sky', PERSON: 'person', CAR: 'car'}


@pytest.fixture(scope='session')
def camera() -> CameraModel:
    return CameraModel(128, 128, 53.7024, 137.2484, 63.5, 63.5)


@pytest.fixture(scope='session')
def roles() -> ClassRoles:
    return ClassRoles.from_classes(LabelClass(class_id, name, (0, 0, 0)) for class_id, name in NAMES.items())


def horizontal_fov_rad(camera: CameraModel) -> float:
    return 2 * math.atan2((camera.width - 1) / 2, camera.fx)
