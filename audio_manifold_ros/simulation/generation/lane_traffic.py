# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Traffic of the lanes of the road, the ego vehicle included: free flow, queues, and stop-and-go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.array_types import FloatArray
from audio_manifold_ros.simulation.generation import statistics
from audio_manifold_ros.simulation.generation.bodies import Body, sample_body
from audio_manifold_ros.simulation.generation.car_following import LEAD_S, WARM_UP_S, Drivers, StopLines, drive_lane
from audio_manifold_ros.simulation.generation.layout import MARGIN_M, Layout
from audio_manifold_ros.simulation.scene import Junction
from audio_manifold_ros.simulation.vehicle import VehicleKind

STOP_LINE_M = 1.0
EGO_BODY = Body(VehicleKind.CAR, *statistics.EGO_SIZE_M, 1.5)
EGO_CLEARANCE_M = 3.0


@dataclass(frozen=True)
class EgoPlan:
    """Place of the ego vehicle.

    Attributes:
        side: Kerb at which it is parked: 1 left, -1 right; 0 in a lane.
        lane: Lane, if it is in a lane.
        is_stationary: True if it stays there.

    """

    side: int
    lane: int
    is_stationary: bool

    @classmethod
    def sample(cls, rng: np.random.Generator, lanes: int) -> EgoPlan:
        """Sample a plan."""
        sides, shares = zip(*statistics.STATIONARY_PLACES, strict=True)
        is_stationary = bool(rng.random() < statistics.STATIONARY_SHARE)
        side = int(rng.choice(sides, p=shares))
        return cls(side if is_stationary else 0, int(rng.integers(lanes)), is_stationary)


@dataclass(frozen=True)
class LaneTraffic:
    """Vehicles of one lane.

    Attributes:
        direction: 1 along the road, -1 oncoming.
        bodies: Bodies of the vehicles; that of the ego vehicle is `EGO_BODY`.
        stations_m: Stations (step, vehicle).
        speeds_mps: Speeds (step, vehicle).
        accelerations_mps2: Accelerations (step, vehicle).
        offsets_m: Offsets (vehicle,) to the left of the centre line.

    """

    direction: int
    bodies: list[Body]
    stations_m: FloatArray
    speeds_mps: FloatArray
    accelerations_mps2: FloatArray
    offsets_m: FloatArray


def signal_closed(junction: Junction, rng: np.random.Generator, times_s: FloatArray) -> NDArray[np.bool_]:
    """Return when the signals of a junction are red for the road and for the cross street (2, step)."""
    cycle_s, green = rng.uniform(*statistics.SIGNAL_CYCLE_S), rng.uniform(*statistics.SIGNAL_GREEN_SHARE)
    phase_s = (times_s + rng.uniform(0, cycle_s)) % cycle_s
    if not junction.has_signals:
        return np.zeros((2, len(times_s)), dtype=bool)
    clearance_s = statistics.SIGNAL_CLEARANCE_S
    cross_open = (phase_s > green * cycle_s + clearance_s) & (phase_s < cycle_s - clearance_s)
    return np.stack([phase_s > green * cycle_s, ~cross_open])


def main_traffic(
    rng: np.random.Generator, layout: Layout, plan: EgoPlan, times_s: FloatArray, red: NDArray[np.bool_]
) -> Iterator[LaneTraffic]:
    """Simulate all lanes.

    Args:
        rng: Random generator.
        layout: The street.
        plan: Place of the ego vehicle, which starts the street at station 0 or drives towards it during the warm-up.
        times_s: Times (step,) of the simulation.
        red: True (junction, step) while the signals of a junction are red for the road.

    """
    for direction in (1, -1):
        places = [direction * one.station_m - one.half_street_m - STOP_LINE_M for one in layout.junctions]
        lines = StopLines(np.array(places), red.T)
        for lane in range(layout.lanes):
            has_ego = plan.side == 0 and direction == 1 and lane == plan.lane
            tram = layout.has_tram and lane == 0
            yield _lane(rng, layout, (direction, lane), plan if has_ego else None, times_s, lines, tram=tram)
        if layout.cycle_m:
            yield _cycle_lane(rng, layout, direction, times_s, lines)


def _lane(
    rng: np.random.Generator,
    layout: Layout,
    place: tuple[int, int],
    plan: EgoPlan | None,
    times_s: FloatArray,
    lines: StopLines,
    *,
    tram: bool,
) -> LaneTraffic:
    direction, lane = place
    is_empty = plan is None and rng.random() < statistics.EMPTY_LANE_SHARE
    is_jam = bool(rng.random() < statistics.JAM_SHARE)
    mean_mps = rng.uniform(*statistics.JAM_SPEED_MPS) if is_jam else 0.95 * layout.speed_limit_mps
    flow_per_h = statistics.sample_log_uniform(rng, statistics.FLOW_PER_H)
    spacing_m = rng.uniform(*statistics.JAM_GAP_M) + 5.0 if is_jam else mean_mps * 3600.0 / flow_per_h
    shares = statistics.KIND_SHARES
    if tram:
        shares = {**shares, VehicleKind.TRAM: statistics.TRAM_VEHICLE_SHARE}
    first_m, last_m = _span_m(direction, layout, mean_mps, times_s)
    starts, bodies = ([], []) if is_empty else _row(rng, (first_m, last_m), spacing_m, shares)
    speeds = (layout.speed_limit_mps * rng.uniform(*statistics.DESIRED_SPEED, size=len(starts))).tolist()
    offsets = layout.lane_offset_m(direction, lane) + _spread(rng, len(starts))
    offsets[[body.kind is VehicleKind.TRAM for body in bodies]] = layout.lane_offset_m(direction, lane)
    if plan is not None:
        ego_m = 0.0 if plan.is_stationary else -0.7 * mean_mps * (WARM_UP_S + LEAD_S)
        far = [
            k for k, (u, body) in enumerate(zip(starts, bodies, strict=True))
            if abs(u - ego_m) > (body.length_m + EGO_BODY.length_m) / 2 + EGO_CLEARANCE_M
        ]  # fmt: skip
        at = sum(starts[k] > ego_m for k in far)
        starts, bodies, speeds = [starts[k] for k in far], [bodies[k] for k in far], [speeds[k] for k in far]
        starts.insert(at, ego_m)
        bodies.insert(at, EGO_BODY)
        speeds.insert(
            at, 0.0 if plan.is_stationary else layout.speed_limit_mps * rng.uniform(*statistics.DESIRED_SPEED)
        )
        offsets = np.insert(offsets[far], at, layout.lane_offset_m(direction, lane) + rng.normal(0, 0.15))
    drivers = Drivers.sample(rng, starts, [body.length_m for body in bodies], speeds)
    leader = None
    if is_jam:
        wave = 2 * np.pi * times_s / rng.uniform(*statistics.JAM_PERIOD_S) + rng.uniform(0, 2 * np.pi)
        leader = mean_mps * np.maximum(0.05, 1 + 1.2 * np.sin(wave))
    return _traffic(direction, bodies, drive_lane(drivers, lines, leader), offsets)


def _cycle_lane(
    rng: np.random.Generator, layout: Layout, direction: int, times_s: FloatArray, lines: StopLines
) -> LaneTraffic:
    mean_mps = float(np.mean(statistics.CYCLE_SPEED_MPS))
    spacing_m = mean_mps * 3600.0 / statistics.sample_log_uniform(rng, statistics.CYCLE_FLOW_PER_H)
    starts, bodies = _row(rng, _span_m(direction, layout, mean_mps, times_s), spacing_m, {VehicleKind.BICYCLE: 1.0})
    speeds = rng.uniform(*statistics.CYCLE_SPEED_MPS, size=len(starts)).tolist()
    drivers = Drivers.sample(rng, starts, [body.length_m for body in bodies], speeds)
    offsets = -direction * (layout.lanes_m + layout.cycle_m / 2) + _spread(rng, len(starts))
    return _traffic(direction, bodies, drive_lane(drivers, lines), offsets)


def _traffic(direction: int, bodies: list[Body], motion: FloatArray, offsets: FloatArray) -> LaneTraffic:
    return LaneTraffic(direction, bodies, direction * motion[0], motion[1], motion[2], offsets)


def _spread(rng: np.random.Generator, count: int) -> FloatArray:
    return np.clip(rng.normal(0, statistics.LATERAL_SPREAD_M, size=count), -0.25, 0.25)


def _span_m(direction: int, layout: Layout, mean_mps: float, times_s: FloatArray) -> tuple[float, float]:
    """Return the part of a lane at the start whose vehicles come near the ego vehicle."""
    ends = sorted((direction * (layout.range_m[0] + MARGIN_M), direction * (layout.range_m[1] - MARGIN_M)))
    driven_m = mean_mps * (times_s[-1] - times_s[0])
    return ends[0] - MARGIN_M - driven_m, ends[1] + MARGIN_M - 0.2 * mean_mps * (0.0 - times_s[0])


def _row(
    rng: np.random.Generator, span_m: tuple[float, float], spacing_m: float, shares: Mapping[VehicleKind, float]
) -> tuple[list[float], list[Body]]:
    """Return centres, decreasing, and bodies of a row of vehicles."""
    starts: list[float] = []
    bodies: list[Body] = []
    place = span_m[1] - rng.uniform(0, spacing_m)
    while place > span_m[0]:
        body = sample_body(rng, shares)
        place -= body.length_m / 2
        starts.append(place)
        bodies.append(body)
        free_m = max(spacing_m - body.length_m, 2.0)
        place -= body.length_m / 2 + 2.0 + rng.exponential(free_m)
    return starts, bodies
