# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import numpy as np

from audio_manifold_ros.robot_outputs.class_roles import ClassRoles
from tests.robot_outputs.conftest import BUILDING, CAR, PERSON, ROAD, SKY


def test_roles_follow_the_names(roles: ClassRoles) -> None:
    assert np.flatnonzero(roles.is_obstacle).tolist() == sorted([BUILDING, CAR, PERSON])
    assert np.flatnonzero(roles.is_object).tolist() == sorted([CAR, PERSON])
    assert not roles.is_obstacle[[ROAD, SKY, 255]].any()


def test_without_classes_everything_may_be_an_obstacle() -> None:
    roles = ClassRoles.from_classes(())
    assert roles.is_obstacle.all()
    assert not roles.is_object.any()
