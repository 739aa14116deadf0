# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Roles of the classes for a robot: ground, sky, obstacle, and vehicle or person."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from audio_manifold_ros.common.class_ids import UNLABELLED

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from audio_manifold_ros.inference.bundle.manifest import LabelClass

GROUND_NAMES = ('road', 'sidewalk', 'terrain')
SKY_NAMES = ('sky',)
OBJECT_NAMES = ('person', 'rider', 'car', 'truck', 'bus', 'train', 'motorcycle', 'bicycle')
CLASS_IDS = UNLABELLED + 1


@dataclass(frozen=True)
class ClassRoles:
    """Roles of the class ids of a bundle. All tables are bool (256,), indexed by class id.

    Attributes:
        is_obstacle: Classes that stand above the ground. Every id of a bundle without classes is one.
        is_object: Vehicles and persons.
        names: Name of each class by its id.

    """

    is_obstacle: NDArray[np.bool_]
    is_object: NDArray[np.bool_]
    names: dict[int, str]

    @classmethod
    def from_classes(cls, classes: Iterable[LabelClass]) -> ClassRoles:
        """Return the roles of the classes of a bundle."""
        names = {entry.id: entry.name for entry in classes}
        is_obstacle = np.full(CLASS_IDS, not names)
        is_object = np.zeros(CLASS_IDS, dtype=bool)
        for class_id, name in names.items():
            is_obstacle[class_id] = name not in (*GROUND_NAMES, *SKY_NAMES)
            is_object[class_id] = name in OBJECT_NAMES
        return cls(is_obstacle, is_object, names)
