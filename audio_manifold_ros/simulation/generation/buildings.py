# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Random buildings of the road and of its cross streets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from audio_manifold_ros.common.array_types import FloatArray
from audio_manifold_ros.simulation.generation import statistics
from audio_manifold_ros.simulation.generation.layout import Layout
from audio_manifold_ros.simulation.scene import Facade, Junction


@dataclass(frozen=True)
class BuildingLine:
    """Buildings of one side of the road.

    Attributes:
        facades: Front walls along the road.
        is_open: True without buildings.
        setback_m: Distance from the pavement.

    """

    facades: list[Facade]
    is_open: bool
    setback_m: float


def building_line(rng: np.random.Generator, layout: Layout, side: int) -> BuildingLine:
    """Sample the buildings of a side: 1 left, -1 right."""
    if rng.random() < statistics.OPEN_SIDE_SHARE:
        return BuildingLine([], True, 0.0)
    setback_m = 0.0 if rng.random() < statistics.NO_SETBACK_SHARE else rng.uniform(*statistics.SETBACK_M)
    height_m = rng.uniform(*statistics.HEIGHT_M)
    gap_share = rng.uniform(*statistics.GAP_SHARE)
    lengths = statistics.FACADE_M if layout.axis.is_straight else statistics.CURVED_FACADE_M
    facades = []
    for first_m, last_m in layout.blocks_m(side):
        # Corner buildings touch the corner or leave it open.
        station, end = first_m + _corner_gap(rng), last_m - _corner_gap(rng)
        while station < end - lengths[0] / 2:
            length_m = rng.uniform(*lengths)
            if end - station < length_m + lengths[0] / 2:
                length_m = end - station
            offset_m = layout.end_m(side) + max(0.0, setback_m + (rng.normal(0, 1.0) if setback_m else 0.0))
            ends, _ = layout.axis.to_world(np.array([station, station + length_m]), side * offset_m)
            facades.append(_facade(rng, ends if side < 0 else ends[::-1], height_m))
            station += length_m
            if rng.random() < gap_share:
                station += rng.uniform(*statistics.GAP_M)
    return BuildingLine(facades, False, setback_m)


def cross_street_buildings(
    rng: np.random.Generator, layout: Layout, junction: Junction, lines: dict[int, BuildingLine]
) -> list[Facade]:
    """Sample the buildings along the arms of a junction, behind the corner buildings of the road."""
    centre, ahead, left = layout.axis.axes_at(junction.station_m)
    facades = []
    for side in junction.arms:
        if lines[side].is_open:
            continue
        height_m = rng.uniform(*statistics.HEIGHT_M)
        for edge in (1, -1):
            begin_m = (
                layout.end_m(side) + lines[side].setback_m + statistics.BUILDING_DEPTH_M[1] + rng.uniform(0.5, 6.0)
            )
            while begin_m < junction.reach_m:
                length_m = rng.uniform(*statistics.FACADE_M)
                places = np.array([begin_m, begin_m + length_m])
                ends = centre + edge * junction.half_street_m * ahead + side * places[:, None] * left
                # The building is on the outer side of the cross street.
                facades.append(_facade(rng, ends if edge * side > 0 else ends[::-1], height_m))
                begin_m += length_m + (rng.uniform(*statistics.GAP_M) if rng.random() < 0.3 else 0.0)
    return facades


def _corner_gap(rng: np.random.Generator) -> float:
    return 0.0 if rng.random() < statistics.CORNER_BUILT_SHARE else float(rng.uniform(*statistics.CORNER_GAP_M))


def _facade(rng: np.random.Generator, ends_m: FloatArray, height_m: float) -> Facade:
    start_m, end_m = ends_m.tolist()
    return Facade(
        start_m=(start_m[0], start_m[1]),
        end_m=(end_m[0], end_m[1]),
        height_m=min(max(height_m + rng.normal(0, 2.0), 3.5), 24.0),
        depth_m=rng.uniform(*statistics.BUILDING_DEPTH_M),
        absorption=0.3 if rng.random() < 0.1 else rng.uniform(0.05, 0.15),
        scattering=rng.uniform(0.1, 0.4),
    )
