# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Random fences, trees and poles, and parked vehicles."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np

from audio_manifold_ros.simulation.generation import statistics
from audio_manifold_ros.simulation.generation.bodies import sample_body
from audio_manifold_ros.simulation.generation.buildings import BuildingLine
from audio_manifold_ros.simulation.generation.layout import Layout
from audio_manifold_ros.simulation.scene import Fence, Pole, PoleKind, Tree
from audio_manifold_ros.simulation.trajectory import StraightTrajectory
from audio_manifold_ros.simulation.vehicle import Vehicle

# Trees and poles are in a strip along the kerb.
STRIP_M = 0.6
FENCE_FROM_SETBACK_M = 1.0
FENCE_PIECE_M = 10.0
CORNER_CLEARANCE_M = 5.0


def fences(rng: np.random.Generator, layout: Layout, side: int, line: BuildingLine) -> list[Fence]:
    """Sample the fences between pavement and front gardens of a side."""
    if rng.random() > statistics.FENCE_SHARE or (not line.is_open and line.setback_m < FENCE_FROM_SETBACK_M + 1.0):
        return []
    height_m, found = rng.uniform(*statistics.FENCE_HEIGHT_M), []
    offset_m = side * (layout.end_m(side) + 0.2)
    for first_m, last_m in layout.blocks_m(side):
        station = first_m
        while station < last_m:
            end = min(station + rng.uniform(10.0, 60.0), last_m)
            points, _ = layout.axis.to_world(
                np.linspace(station, end, 2 + int((end - station) / FENCE_PIECE_M)), offset_m
            )
            corners = [(x, y) for x, y in (points[[0, -1]] if layout.axis.is_straight else points).tolist()]
            found += [Fence(start, stop, height_m) for start, stop in pairwise(corners)]
            station = end + rng.uniform(2.0, 12.0)
    return found


def trees(rng: np.random.Generator, layout: Layout, side: int, line: BuildingLine) -> list[Tree]:
    """Sample the trees of a side: a row along the kerb, or in front gardens."""
    if rng.random() > statistics.TREES_SHARE:
        return []
    spacing_m = rng.uniform(*statistics.TREE_SPACING_M)
    has_garden = line.is_open or line.setback_m > 3.0
    in_garden = has_garden and rng.random() < 0.6
    offset_m = layout.end_m(side) + rng.uniform(1.0, 2.5) if in_garden else layout.kerb_m(side) + STRIP_M
    needles = bool(rng.random() < statistics.NEEDLES_SHARE)
    crown_m = rng.uniform(1.2, 2.6)
    stations: list[float] = []
    for first_m, last_m in layout.blocks_m(side, 2.0):
        station = first_m + rng.uniform(0, spacing_m)
        while station < last_m:
            stations.append(station)
            station += spacing_m * rng.uniform(0.8, 1.3)
    offsets = side * (offset_m + rng.normal(0, 0.05, size=len(stations)))
    points, _ = layout.axis.to_world(np.array(stations), offsets)
    return [
        Tree(
            x_m=x,
            y_m=y,
            trunk_radius_m=rng.uniform(*statistics.TRUNK_RADIUS_M),
            # Crowns over a road leave the height of a van free.
            trunk_height_m=rng.uniform(*statistics.TRUNK_HEIGHT_M),
            crown_radius_m=crown_m * rng.uniform(0.8, 1.2),
            crown_height_m=crown_m * rng.uniform(1.8, 3.0),
            needles=needles,
        )
        for x, y in points.reshape(-1, 2).tolist()
    ]


def poles(rng: np.random.Generator, layout: Layout, side: int) -> list[Pole]:
    """Sample lamps and signs of a side, and the traffic lights of its approach to junctions."""
    found = []
    offset_m = side * (layout.kerb_m(side) + 0.35)
    spacing_m, height_m = rng.uniform(*statistics.LAMP_SPACING_M), rng.uniform(*statistics.LAMP_HEIGHT_M)
    radius_m = rng.uniform(*statistics.LAMP_RADIUS_M)
    has_lamps = rng.random() < 0.7
    for first_m, last_m in layout.blocks_m(side):
        stations = np.arange(first_m + rng.uniform(1.0, spacing_m), last_m - 1.0, spacing_m)
        if has_lamps:
            found += [
                _pole(layout, PoleKind.LAMP, one, offset_m, -side * math.pi / 2, height_m, radius_m)
                for one in stations.tolist()
            ]
        for station in rng.uniform(first_m, last_m, size=rng.poisson(statistics.SIGNS_PER_BLOCK)):
            sign_m = rng.uniform(*statistics.SIGN_HEIGHT_M)
            found.append(_pole(layout, PoleKind.SIGN, station, offset_m, 0.0, sign_m, 0.04))
    direction = -side
    for junction in layout.junctions:
        if junction.has_signals:
            station = junction.station_m - direction * (junction.half_street_m + 0.5)
            found.append(_pole(layout, PoleKind.TRAFFIC_LIGHT, station, offset_m, 0.0, 3.3, 0.07))
    return found


def parked_vehicles(rng: np.random.Generator, layout: Layout, side: int, ego_side: int) -> list[Vehicle]:
    """Sample the parked vehicles of a side. `ego_side` is the side at which the ego vehicle is parked, 0 for none."""
    width_m = layout.strip_m(side)
    if width_m == 0.0:
        return []
    occupancy = rng.uniform(*statistics.PARKING_OCCUPANCY)
    offset_m = side * (layout.kerb_m(side) - width_m / 2 + 0.1)
    bodies, places = [], []
    for first_m, last_m in layout.blocks_m(side, CORNER_CLEARANCE_M):
        station = first_m + statistics.PARKING_SLOT_M[0] / 2
        while station < last_m - statistics.PARKING_SLOT_M[0] / 2:
            body = sample_body(rng, statistics.PARKED_SHARES)
            is_taken = rng.random() < occupancy
            if is_taken and not (side == ego_side and _is_pull_out(station)):
                bodies.append(body)
                places.append(station)
            station += max(rng.uniform(*statistics.PARKING_SLOT_M), body.length_m + 0.8)
    along = np.array(places) + rng.uniform(-0.2, 0.2, size=len(places))
    across = offset_m + np.clip(rng.normal(0, 0.1, size=len(places)), -0.2, 0.2)
    points, headings = layout.axis.to_world(along, across)
    facings = headings + (math.pi if side > 0 else 0.0)
    return [
        body.vehicle(rng, StraightTrajectory((x, y, 0.0), heading_rad=facing), is_parked=True)
        for body, (x, y), facing in zip(bodies, points.reshape(-1, 2).tolist(), facings.tolist(), strict=True)
    ]


def _is_pull_out(station_m: float) -> bool:
    return -statistics.PULL_OUT_BEHIND_M < station_m < statistics.PULL_OUT_AHEAD_M


def _pole(
    layout: Layout, kind: PoleKind, station_m: float, offset_m: float, turn_rad: float, height_m: float, radius_m: float
) -> Pole:
    (x, y), heading = layout.axis.to_world(np.array(station_m), offset_m)
    return Pole(kind, (float(x), float(y)), float(heading) + turn_rad, height_m, radius_m)
