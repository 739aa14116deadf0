# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Shapes of vehicles and persons for images: boxes and ellipsoids as fractions of length, width and height."""

from __future__ import annotations

from audio_manifold_ros.common.class_ids import (
    BICYCLE,
    BUS,
    CAR,
    MOTORCYCLE,
    PERSON,
    RIDER,
    TRAIN,
    TRUCK,
)
from audio_manifold_ros.simulation.vehicle import VehicleKind

# A part is (x0, x1, y0, y1, z0, z1, class). x0 and x1 are from the tail (-0.5) to the nose (0.5), y0 and y1 from the
# right (-0.5) to the left (0.5), z0 and z1 from the ground (0) to the top (1).
Part = tuple[float, float, float, float, float, float, int]


def _axle(x: float, radius_x: float, top: float, label: int) -> Part:
    return (x - radius_x, x + radius_x, -0.47, 0.47, 0.0, top, label)


BOXES: dict[VehicleKind, tuple[Part, ...]] = {
    VehicleKind.CAR: (
        (-0.5, 0.5, -0.5, 0.5, 0.15, 0.58, CAR),
        (-0.44, 0.14, -0.44, 0.44, 0.58, 0.8, CAR),
        (-0.36, 0.06, -0.38, 0.38, 0.8, 1.0, CAR),
        _axle(-0.31, 0.07, 0.4, CAR),
        _axle(0.31, 0.07, 0.4, CAR),
    ),
    VehicleKind.VAN: (
        (-0.5, 0.5, -0.5, 0.5, 0.12, 0.48, CAR),
        (-0.5, 0.32, -0.48, 0.48, 0.48, 0.75, CAR),
        (-0.5, 0.22, -0.45, 0.45, 0.75, 1.0, CAR),
        _axle(-0.3, 0.06, 0.27, CAR),
        _axle(0.33, 0.06, 0.27, CAR),
    ),
    VehicleKind.TRUCK: (
        (0.24, 0.5, -0.48, 0.48, 0.14, 0.85, TRUCK),
        (-0.5, 0.21, -0.5, 0.5, 0.32, 1.0, TRUCK),
        (-0.48, 0.45, -0.2, 0.2, 0.16, 0.32, TRUCK),
        _axle(-0.3, 0.06, 0.3, TRUCK),
        _axle(-0.16, 0.06, 0.3, TRUCK),
        _axle(0.36, 0.06, 0.3, TRUCK),
    ),
    VehicleKind.BUS: (
        (-0.5, 0.5, -0.5, 0.5, 0.1, 0.94, BUS),
        (-0.3, 0.2, -0.35, 0.35, 0.94, 1.0, BUS),
        _axle(-0.25, 0.04, 0.3, BUS),
        _axle(0.28, 0.04, 0.3, BUS),
    ),
    VehicleKind.MOTORCYCLE: (
        (-0.5, -0.2, -0.12, 0.12, 0.0, 0.36, MOTORCYCLE),
        (0.2, 0.5, -0.12, 0.12, 0.0, 0.36, MOTORCYCLE),
        (-0.4, 0.3, -0.3, 0.3, 0.2, 0.52, MOTORCYCLE),
        (0.1, 0.22, -0.5, 0.5, 0.52, 0.62, MOTORCYCLE),
        (-0.22, 0.08, -0.38, 0.38, 0.46, 0.86, RIDER),
    ),
    VehicleKind.TRAM: (
        (-0.5, -0.18, -0.5, 0.5, 0.08, 0.9, TRAIN),
        (-0.18, 0.18, -0.47, 0.47, 0.12, 0.88, TRAIN),
        (0.18, 0.5, -0.5, 0.5, 0.08, 0.9, TRAIN),
        (-0.1, 0.1, -0.3, 0.3, 0.88, 1.0, TRAIN),
    ),
    VehicleKind.BICYCLE: (
        (-0.5, -0.14, -0.06, 0.06, 0.0, 0.39, BICYCLE),
        (0.14, 0.5, -0.06, 0.06, 0.0, 0.39, BICYCLE),
        (-0.2, 0.25, -0.08, 0.08, 0.2, 0.5, BICYCLE),
        (0.18, 0.26, -0.5, 0.5, 0.52, 0.6, BICYCLE),
        (-0.15, 0.1, -0.2, 0.2, 0.22, 0.52, RIDER),
        (-0.16, 0.14, -0.38, 0.38, 0.52, 0.86, RIDER),
    ),
}
ELLIPSOIDS: dict[VehicleKind, tuple[Part, ...]] = {
    VehicleKind.MOTORCYCLE: ((-0.12, 0.04, -0.2, 0.2, 0.84, 1.0, RIDER),),
    VehicleKind.BICYCLE: ((-0.02, 0.12, -0.2, 0.2, 0.86, 1.0, RIDER),),
}
# The length of a person is their depth along the heading.
PERSON_DEPTH_M = 0.3
PERSON_BOXES: tuple[Part, ...] = (
    (-0.2, 0.5, 0.03, 0.33, 0.0, 0.48, PERSON),
    (-0.5, 0.2, -0.33, -0.03, 0.0, 0.48, PERSON),
    (-0.4, 0.4, -0.5, 0.5, 0.47, 0.84, PERSON),
)
PERSON_ELLIPSOIDS: tuple[Part, ...] = ((-0.35, 0.35, -0.24, 0.24, 0.84, 1.0, PERSON),)
