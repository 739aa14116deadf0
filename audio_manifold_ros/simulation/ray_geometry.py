# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Geometry of a street for ray casting: boxes and ellipsoids."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from audio_manifold_ros.common.array_types import FloatArray
from audio_manifold_ros.common.class_ids import (
    BICYCLE,
    BUILDING,
    BUS,
    CAR,
    FENCE,
    MOTORCYCLE,
    RIDER,
    TRAIN,
    TRUCK,
    VEGETATION,
)
from audio_manifold_ros.simulation.scene import Facade, Fence, Street, Tree, Vehicle, VehicleKind

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Parts of a vehicle as fractions of its length, width and height: (x0, x1, y0, y1, z0, z1, class).
# x0 and x1 are from the tail (-0.5) to the nose (0.5).
VEHICLE_PARTS = {
    VehicleKind.CAR: ((-0.5, 0.5, -0.5, 0.5, 0.12, 0.62, CAR), (-0.38, 0.2, -0.44, 0.44, 0.62, 1.0, CAR)),
    VehicleKind.VAN: ((-0.5, 0.5, -0.5, 0.5, 0.08, 0.5, CAR), (-0.5, 0.3, -0.48, 0.48, 0.5, 1.0, CAR)),
    VehicleKind.TRUCK: ((0.22, 0.5, -0.48, 0.48, 0.12, 0.85, TRUCK), (-0.5, 0.2, -0.5, 0.5, 0.25, 1.0, TRUCK)),
    VehicleKind.BUS: ((-0.5, 0.5, -0.5, 0.5, 0.08, 1.0, BUS),),
    VehicleKind.MOTORCYCLE: (
        (-0.5, 0.5, -0.3, 0.3, 0.0, 0.52, MOTORCYCLE),
        (-0.2, 0.12, -0.5, 0.5, 0.48, 1.0, RIDER),
    ),
    VehicleKind.TRAM: ((-0.5, 0.5, -0.5, 0.5, 0.08, 1.0, TRAIN),),
    VehicleKind.BICYCLE: (
        (-0.5, 0.5, -0.15, 0.15, 0.0, 0.6, BICYCLE),
        (-0.2, 0.15, -0.5, 0.5, 0.45, 1.0, RIDER),
    ),
}


@dataclass(frozen=True)
class Boxes:
    """Boxes aligned with the axes of the world.

    Attributes:
        low_m: Lower corners (box, 3) at time zero.
        high_m: Upper corners (box, 3) at time zero.
        velocity_mps: Velocity along x (box,).
        labels: Class ids (box,).

    """

    low_m: FloatArray
    high_m: FloatArray
    velocity_mps: FloatArray
    labels: NDArray[np.uint8]


@dataclass(frozen=True)
class Ellipsoids:
    """Ellipsoids of trees: centres (tree, 3) and radii (tree, 3)."""

    centre_m: FloatArray
    radius_m: FloatArray


def street_boxes(street: Street) -> Boxes:
    """Return all façades, fences, trunks and vehicles of a street as boxes."""
    rows: list[tuple[float, ...]] = []
    rows += [_facade(facade) for facade in street.facades]
    rows += [_fence(fence) for fence in street.fences]
    rows += [_trunk(tree) for tree in street.trees]
    for vehicle in street.vehicles:
        rows += _vehicle(vehicle)
    table = np.array(rows, dtype=np.float64).reshape(-1, 8)
    return Boxes(table[:, 0:3], table[:, 3:6], table[:, 6], table[:, 7].astype(np.uint8))


def street_crowns(street: Street) -> Ellipsoids:
    """Return the crowns of all trees as ellipsoids."""
    centres = [(t.x_m, t.y_m, t.trunk_height_m + 0.45 * t.crown_height_m) for t in street.trees]
    radii = [(t.crown_radius_m, t.crown_radius_m, 0.5 * t.crown_height_m) for t in street.trees]
    return Ellipsoids(
        np.array(centres, dtype=np.float64).reshape(-1, 3), np.array(radii, dtype=np.float64).reshape(-1, 3)
    )


def _facade(facade: Facade) -> tuple[float, ...]:
    near, far = facade.y_m, facade.y_m + facade.side * facade.depth_m
    low, high = min(near, far), max(near, far)
    return facade.x_start_m, low, 0.0, facade.x_end_m, high, facade.height_m, 0.0, BUILDING


def _fence(fence: Fence) -> tuple[float, ...]:
    (x_start, y), (x_end, _) = fence.start_m, fence.end_m
    return x_start, y - 0.05, 0.0, x_end, y + 0.05, fence.height_m, 0.0, FENCE


def _trunk(tree: Tree) -> tuple[float, ...]:
    r = tree.trunk_radius_m
    top_m = tree.trunk_height_m + 0.3 * tree.crown_height_m
    return tree.x_m - r, tree.y_m - r, 0.0, tree.x_m + r, tree.y_m + r, top_m, 0.0, VEGETATION


def _vehicle(vehicle: Vehicle) -> list[tuple[float, ...]]:
    # A stationary vehicle faces the driving direction of its side of the road.
    heading = np.sign(vehicle.velocity_mps) or (-1.0 if vehicle.y_m > 0 else 1.0)
    rows: list[tuple[float, ...]] = []
    for tail, nose, right, left, bottom, top, label in VEHICLE_PARTS[vehicle.kind]:
        ends = sorted((heading * tail * vehicle.length_m, heading * nose * vehicle.length_m))
        rows.append(
            (
                vehicle.x_m + ends[0],
                vehicle.y_m + right * vehicle.width_m,
                bottom * vehicle.height_m,
                vehicle.x_m + ends[1],
                vehicle.y_m + left * vehicle.width_m,
                top * vehicle.height_m,
                vehicle.velocity_mps,
                label,
            )
        )
    return rows
