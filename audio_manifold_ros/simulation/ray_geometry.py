# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Geometry of a street for ray casting: upright boxes, vertical cylinders and ellipsoids."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from audio_manifold_ros.common.array_types import FloatArray
from audio_manifold_ros.common.class_ids import BUILDING, FENCE, POLE, TRAFFIC_LIGHT, TRAFFIC_SIGN, VEGETATION
from audio_manifold_ros.simulation import vehicle_shapes
from audio_manifold_ros.simulation.scene import Facade, Fence, Pole, PoleKind, Street, Tree

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from audio_manifold_ros.simulation.vehicle_shapes import Part

FENCE_HALF_M = 0.05
CROWN_SINKS = 0.45


@dataclass(frozen=True)
class Solids:
    """Solids of one form with their class ids.

    A box or an ellipsoid is (centre x, y, z, cosine and sine of its heading, half of its length, width and height). A
    cylinder is a box whose length and width are its diameters.

    Attributes:
        shapes: (solid, 8).
        labels: Class ids (solid,).

    """

    shapes: FloatArray
    labels: NDArray[np.uint8]

    @classmethod
    def from_rows(cls, rows: list[tuple[float, ...]]) -> Solids:
        """Return the solids of rows of shape and class id."""
        table = np.array(rows, dtype=np.float64).reshape(-1, 9)
        return cls(np.ascontiguousarray(table[:, :8]), table[:, 8].astype(np.uint8))

    def placed(self, objects: NDArray[np.intp], poses: FloatArray) -> Solids:
        """Return the solids of moving objects in the world.

        Args:
            objects: Object (solid,) that each solid is a part of.
            poses: x, y and heading (object, 3 or more) of the objects.

        """
        x, y, heading = poses[objects, 0], poses[objects, 1], poses[objects, 2]
        cos, sin = np.cos(heading), np.sin(heading)
        shapes = self.shapes.copy()
        shapes[:, 0] = x + cos * self.shapes[:, 0] - sin * self.shapes[:, 1]
        shapes[:, 1] = y + sin * self.shapes[:, 0] + cos * self.shapes[:, 1]
        shapes[:, 3], shapes[:, 4] = cos, sin
        return Solids(shapes, self.labels)

    def __add__(self, other: Solids) -> Solids:
        """Return the solids of both."""
        return Solids(np.concatenate([self.shapes, other.shapes]), np.concatenate([self.labels, other.labels]))


@dataclass(frozen=True)
class MovingSolids:
    """Parts of vehicles and pedestrians relative to their objects.

    Attributes:
        boxes: Boxes in the axes of their objects.
        box_objects: Object (box,) of each box: vehicles first, then pedestrians.
        ellipsoids: Ellipsoids in the axes of their objects.
        ellipsoid_objects: Object (ellipsoid,) of each ellipsoid.

    """

    boxes: Solids
    box_objects: NDArray[np.intp]
    ellipsoids: Solids
    ellipsoid_objects: NDArray[np.intp]


def street_boxes(street: Street) -> Solids:
    """Return buildings, fences, and the plates and arms of poles as boxes."""
    rows = [_building(facade) for facade in street.facades]
    rows += [_fence(fence) for fence in street.fences]
    for pole in street.poles:
        rows += _pole_top(pole)
    return Solids.from_rows(rows)


def street_cylinders(street: Street) -> Solids:
    """Return trunks and poles as cylinders."""
    rows = [_trunk(tree) for tree in street.trees]
    rows += [
        (*pole.position_m, pole.height_m / 2, 1.0, 0.0, pole.radius_m, pole.radius_m, pole.height_m / 2, POLE)
        for pole in street.poles
    ]
    return Solids.from_rows(rows)


def street_crowns(street: Street) -> Solids:
    """Return the crowns of all trees as ellipsoids."""
    return Solids.from_rows(
        [
            (
                tree.x_m,
                tree.y_m,
                tree.trunk_height_m + CROWN_SINKS * tree.crown_height_m,
                1.0,
                0.0,
                tree.crown_radius_m,
                tree.crown_radius_m,
                tree.crown_height_m / 2,
                VEGETATION,
            )
            for tree in street.trees
        ]
    )


def moving_solids(street: Street) -> MovingSolids:
    """Return the parts of all vehicles, then those of all pedestrians."""
    boxes: list[tuple[float, ...]] = []
    ellipsoids: list[tuple[float, ...]] = []
    box_objects, ellipsoid_objects = [], []
    bodies = [
        (
            (vehicle.length_m, vehicle.width_m, vehicle.height_m),
            vehicle_shapes.BOXES[vehicle.kind],
            vehicle_shapes.ELLIPSOIDS.get(vehicle.kind, ()),
        )
        for vehicle in street.vehicles
    ] + [
        (
            (vehicle_shapes.PERSON_DEPTH_M, person.width_m, person.height_m),
            vehicle_shapes.PERSON_BOXES,
            vehicle_shapes.PERSON_ELLIPSOIDS,
        )
        for person in street.pedestrians
    ]
    for number, (size_m, box_parts, ellipsoid_parts) in enumerate(bodies):
        boxes += [_part(part, size_m) for part in box_parts]
        box_objects += [number] * len(box_parts)
        ellipsoids += [_part(part, size_m) for part in ellipsoid_parts]
        ellipsoid_objects += [number] * len(ellipsoid_parts)
    return MovingSolids(
        Solids.from_rows(boxes),
        np.array(box_objects, dtype=np.intp),
        Solids.from_rows(ellipsoids),
        np.array(ellipsoid_objects, dtype=np.intp),
    )


def _part(part: Part, size_m: tuple[float, float, float]) -> tuple[float, ...]:
    length_m, width_m, height_m = size_m
    x0, x1, y0, y1, z0, z1, label = part
    centre = ((x0 + x1) / 2 * length_m, (y0 + y1) / 2 * width_m, (z0 + z1) / 2 * height_m)
    return (*centre, 1.0, 0.0, (x1 - x0) / 2 * length_m, (y1 - y0) / 2 * width_m, (z1 - z0) / 2 * height_m, label)


def _middle_and_direction(
    start_m: tuple[float, float], end_m: tuple[float, float]
) -> tuple[float, float, float, float, float]:
    """Return the middle of a line, the cosine and sine of its direction, and its length."""
    (x0, y0), (x1, y1) = start_m, end_m
    length_m = math.hypot(x1 - x0, y1 - y0)
    return (x0 + x1) / 2, (y0 + y1) / 2, (x1 - x0) / length_m, (y1 - y0) / length_m, length_m


def _building(facade: Facade) -> tuple[float, ...]:
    x_m, y_m, cos, sin, length_m = _middle_and_direction(facade.start_m, facade.end_m)
    half_m = facade.depth_m / 2
    # The building is to the right of its wall.
    centre = (x_m + half_m * sin, y_m - half_m * cos, facade.height_m / 2)
    return (*centre, cos, sin, length_m / 2, half_m, facade.height_m / 2, BUILDING)


def _fence(fence: Fence) -> tuple[float, ...]:
    x_m, y_m, cos, sin, length_m = _middle_and_direction(fence.start_m, fence.end_m)
    half_m = fence.height_m / 2
    return (x_m, y_m, half_m, cos, sin, length_m / 2, FENCE_HALF_M, half_m, FENCE)


def _trunk(tree: Tree) -> tuple[float, ...]:
    radius_m = tree.trunk_radius_m
    half_m = (tree.trunk_height_m + 0.3 * tree.crown_height_m) / 2
    return (tree.x_m, tree.y_m, half_m, 1.0, 0.0, radius_m, radius_m, half_m, VEGETATION)


def _pole_top(pole: Pole) -> list[tuple[float, ...]]:
    cos, sin = math.cos(pole.heading_rad), math.sin(pole.heading_rad)
    x_m, y_m = pole.position_m
    if pole.kind is PoleKind.LAMP:
        return [(x_m + 0.7 * cos, y_m + 0.7 * sin, pole.height_m, cos, sin, 0.7, 0.08, 0.08, POLE)]
    if pole.kind is PoleKind.SIGN:
        return [(x_m, y_m, pole.height_m - 0.35, cos, sin, 0.03, 0.32, 0.35, TRAFFIC_SIGN)]
    return [(x_m, y_m, pole.height_m - 0.45, cos, sin, 0.15, 0.16, 0.45, TRAFFIC_LIGHT)]
