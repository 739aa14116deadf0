# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Layout of a random street: cross section, bends and junctions."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from audio_manifold_ros.simulation.generation import statistics
from audio_manifold_ros.simulation.road_axis import RoadAxis
from audio_manifold_ros.simulation.scene import Junction

# A street is generated this far beyond the path of the ego vehicle.
MARGIN_M = 150.0


@dataclass(frozen=True)
class Layout:
    """Road, pavements and junctions. Traffic drives on the right.

    Attributes:
        lane_m: Width of a lane.
        lanes: Lanes in each direction.
        cycle_m: Width of the cycle lane on each side; 0 for none.
        parking_m: Width of the parking strip on the left and on the right; 0 for none.
        pavements_m: Widths of the left and the right pavement.
        speed_limit_mps: Speed limit.
        axis: Centre line.
        junctions: Cross streets within the range.
        range_m: First and last station of the street.
        is_wet: True if the road is wet.
        has_tram: True with trams in the inner lanes.

    """

    lane_m: float
    lanes: int
    cycle_m: float
    parking_m: tuple[float, float]
    pavements_m: tuple[float, float]
    speed_limit_mps: float
    axis: RoadAxis
    junctions: tuple[Junction, ...]
    range_m: tuple[float, float]
    is_wet: bool
    has_tram: bool

    @property
    def lanes_m(self) -> float:
        """Width of the lanes of one direction."""
        return self.lanes * self.lane_m

    def kerb_m(self, side: int) -> float:
        """Distance of a kerb from the centre line: side 1 left, -1 right."""
        return self.lanes_m + self.cycle_m + self.strip_m(side)

    def strip_m(self, side: int) -> float:
        """Width of the parking strip of a side; 0 for none."""
        return self.parking_m[0 if side > 0 else 1]

    def end_m(self, side: int) -> float:
        """Distance of the end of a pavement from the centre line."""
        return self.kerb_m(side) + self.pavements_m[0 if side > 0 else 1]

    def lane_offset_m(self, direction: int, lane: int) -> float:
        """Offset of the centre of a lane: direction 1 along the road, -1 oncoming; lane 0 is the inner lane."""
        return -direction * (lane + 0.5) * self.lane_m

    def shifted(self, station_m: float) -> Layout:
        """Return the layout with station 0 moved to a station."""
        return replace(
            self,
            axis=replace(self.axis, stations_m=tuple(value - station_m for value in self.axis.stations_m)),
            junctions=tuple(replace(one, station_m=one.station_m - station_m) for one in self.junctions),
            range_m=(self.range_m[0] - station_m, self.range_m[1] - station_m),
        )

    def blocks_m(self, side: int, clearance_m: float = 0.0) -> list[tuple[float, float]]:
        """Return the parts (first, last station) of a side between the openings of the cross streets."""
        edges = [self.range_m[0]]
        for junction in self.junctions:
            if side in junction.arms:
                half_m = junction.half_street_m + clearance_m
                edges += [junction.station_m - half_m, junction.station_m + half_m]
        edges.append(self.range_m[1])
        pairs = zip(edges[0::2], edges[1::2], strict=True)
        return [(first, last) for first, last in pairs if last > first]


def sample_layout(rng: np.random.Generator, reach_m: float) -> Layout:
    """Sample a layout that extends `MARGIN_M` behind station 0 and beyond station `reach_m`.

    Args:
        rng: Random generator.
        reach_m: Greatest station that the ego vehicle may reach.

    """
    limits, shares = zip(*statistics.SPEED_LIMITS_KMH, strict=True)
    lanes = 2 if rng.random() < statistics.TWO_LANES_SHARE else 1
    axis = _axis(rng, reach_m)
    left, right = (statistics.PARKING_M if rng.random() < statistics.PARKING_SHARE else 0.0 for _ in range(2))
    range_m = (-MARGIN_M, reach_m + MARGIN_M)
    return Layout(
        lane_m=rng.uniform(*statistics.LANE_M),
        lanes=lanes,
        cycle_m=statistics.CYCLE_LANE_M if rng.random() < statistics.CYCLE_LANE_SHARE else 0.0,
        parking_m=(left, right),
        pavements_m=(rng.uniform(*statistics.PAVEMENT_M), rng.uniform(*statistics.PAVEMENT_M)),
        speed_limit_mps=float(rng.choice(limits, p=shares)) / 3.6,
        axis=axis,
        junctions=_junctions(rng, range_m),
        range_m=range_m,
        is_wet=bool(rng.random() < statistics.WET_SHARE),
        has_tram=bool(rng.random() < statistics.TRAM_SHARE) and axis.is_straight,
    )


def _axis(rng: np.random.Generator, reach_m: float) -> RoadAxis:
    if rng.random() > statistics.CURVE_SHARE:
        return RoadAxis()
    stations: list[float] = []
    curvatures = [0.0]
    station = rng.uniform(*statistics.CURVE_START_M)
    side = float(rng.choice((-1.0, 1.0)))
    while station < reach_m + MARGIN_M:
        radius_m = statistics.sample_log_uniform(rng, statistics.CURVE_RADIUS_M)
        length_m = min(rng.uniform(*statistics.CURVE_LENGTH_M), statistics.CURVE_TURN_LIMIT_RAD * radius_m)
        straight_m = rng.uniform(40.0, 200.0)
        stations += [station, station + length_m]
        curvatures += [side / radius_m, 0.0]
        station += length_m + straight_m
        # The next bend turns back, so that a road does not meet itself.
        side = -side
    return RoadAxis(tuple(stations), tuple(curvatures))


def _junctions(rng: np.random.Generator, range_m: tuple[float, float]) -> tuple[Junction, ...]:
    junctions = []
    station = range_m[0] + rng.uniform(0.0, statistics.BLOCK_M[1])
    while station < range_m[1]:
        side = int(rng.choice((-1, 1)))
        half_road_m = rng.uniform(*statistics.CROSS_LANE_M)
        junctions.append(
            Junction(
                station_m=station,
                half_road_m=half_road_m,
                half_street_m=half_road_m + rng.uniform(*statistics.CROSS_PAVEMENT_M),
                arms=(1, -1) if rng.random() < statistics.CROSSING_SHARE else (side,),
                reach_m=statistics.CROSS_REACH_M,
                has_signals=bool(rng.random() < statistics.SIGNALS_SHARE),
            )
        )
        station += rng.uniform(*statistics.BLOCK_M)
    return tuple(junctions)
