# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Hidden vehicles at junctions: the share that is announced before they come into the line of sight.

A vehicle is announced if a prediction that is available at least `LEAD_S` before that instant, and at most `WINDOW_S`
earlier, has a vehicle within 10 degrees of its direction. The smallest probability of an announcement is chosen so that
at most `MAX_FALSE_ALARMS` of the empty directions have one. The empty directions are those of the hidden vehicles,
mirrored to the other side in the same sound, and as they are in the sound of `OTHER_STREETS` other approaches. No
vehicle in traffic is within `CLEAR_RAD` of them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import track

from audio_manifold_ros.common.errors import EvaluationError
from audio_manifold_ros.common.units import NS_PER_S
from audio_manifold_ros.evaluation.metrics.ratios import share_error
from audio_manifold_ros.evaluation.metrics.vehicle_metrics import MAX_ANGLE_RAD, angle_between
from audio_manifold_ros.inference.backend_factory import open_backend
from audio_manifold_ros.inference.bundle_rig import BundleRig
from audio_manifold_ros.inference.pipeline_settings import PipelineSettings
from audio_manifold_ros.networks.vehicle_map import decode_vehicles
from audio_manifold_ros.simulation.drive import Drive
from audio_manifold_ros.simulation.line_of_sight import TrafficTruth
from training.comparison.hidden_vehicles import hidden_vehicles
from training.comparison.streamed_drive import stream_drive
from training.fitting.vehicle_metrics import MIN_PROBABILITY

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from audio_manifold_ros.inference.backends.backend import Backend
    from audio_manifold_ros.inference.bundle.bundle import Bundle
    from audio_manifold_ros.networks.vehicle_map import VehicleMapConfig, VehiclePosition
    from training.comparison.hidden_vehicles import HiddenVehicle

SECONDS = 30.0
LEAD_S, WINDOW_S = 1.0, 1.0
# A prediction describes an instant of its window of audio: the vehicle is in range during all of it.
HIDDEN_S = LEAD_S + WINDOW_S + 1.0
RATE_HZ = 10.0
# The pipeline settles before the first prediction that counts.
SETTLE_S = 0.2
MAX_FALSE_ALARMS = 0.05
OTHER_STREETS = 5
CLEAR_RAD = math.radians(20.0)
JUNCTION_TEXT = (
    f'Share of the moving vehicles hidden on a cross street that are announced at least {LEAD_S:g} s before they come '
    f'into the line of sight, with an announcement in at most {MAX_FALSE_ALARMS:.0%} of the empty directions (false '
    'alarms). The probability above which a found vehicle is an announcement is chosen by them.'
)


@dataclass(frozen=True)
class Instant:
    """Vehicles of a prediction, with the truth.

    Attributes:
        found: Found vehicles.
        azimuth_rad: Direction of the hidden vehicle.
        traffic_rad: Directions of all vehicles in traffic.

    """

    found: Sequence[VehiclePosition]
    azimuth_rad: float
    traffic_rad: Sequence[float]


@dataclass(frozen=True)
class Approach:
    """Predictions before a hidden vehicle comes into the line of sight.

    Attributes:
        street: Seed of the street.
        instants: Predictions, in order.

    """

    street: int
    instants: Sequence[Instant]


def measure_junctions(
    bundle: Bundle, rig: Path, seeds: Iterable[int], *, trunk_echoes: bool = False
) -> dict[str, float | int | None]:
    """Drive through streets, and return the share of hidden vehicles that a bundle announces (see `announced_share`).

    Args:
        bundle: A verified bundle with a map of vehicles.
        rig: Folder of the rig.
        seeds: Seeds of the streets.
        trunk_echoes: Trunks and poles reflect sound.

    Raises:
        EvaluationError: The bundle has no map of vehicles.
        InferenceError: The bundle cannot be used with the rig.
        SimulationError: A street cannot be simulated.

    """
    used, name, spec = BundleRig.open(bundle, rig), bundle.manifest.name, bundle.manifest.features
    config = bundle.manifest.vehicles
    if config is None:
        msg = f'The bundle {name!r} has no map of vehicles: give a bundle with one.'
        raise EvaluationError(msg)
    first_s = max(spec.window_samples / spec.sample_rate_hz + SETTLE_S + WINDOW_S + LEAD_S, HIDDEN_S)
    backend = open_backend(used.bundle, 'onnx', threads=1)
    approaches: list[Approach] = []
    for seed in track(list(seeds), f'junctions of {name}', console=Console(stderr=True)):
        drive = Drive(seed, rig, SECONDS, trunk_echoes=trunk_echoes)
        approaches += [
            Approach(seed, list(_instants(used, backend, config, drive, vehicle, vehicle.seen_s - first_s)))
            for vehicle in hidden_vehicles(drive.street, first_s, SECONDS, HIDDEN_S)
        ]
    return announced_share(approaches)


def announced_share(approaches: Sequence[Approach]) -> dict[str, float | int | None]:
    """Return the share of the hidden vehicles that are announced.

    Returns:
        Numbers of `hidden` vehicles and of `empty` directions, shares of them that are `announced` and `false_alarms`,
        the standard error `announced_error`, and the `probability` above which a found vehicle is an announcement.
        Shares are None without vehicles or empty directions.

    """
    scores = [_announcement(one.instants, [instant.azimuth_rad for instant in one.instants]) for one in approaches]
    empty = sorted(_empty_scores(approaches), reverse=True)
    if not scores or not empty:
        shares = ('announced', 'announced_error', 'false_alarms', 'probability')
        return {'hidden': len(scores), 'empty': len(empty), **dict.fromkeys(shares)}
    probability = empty[math.floor(MAX_FALSE_ALARMS * len(empty))]
    announced = sum(score > probability for score in scores) / len(scores)
    return {
        'hidden': len(scores),
        'empty': len(empty),
        'announced': announced,
        'announced_error': share_error(announced, len(scores)),
        'false_alarms': sum(score > probability for score in empty) / len(empty),
        'probability': probability,
    }


def _instants(
    rig: BundleRig,
    backend: Backend,
    config: VehicleMapConfig,
    drive: Drive,
    vehicle: HiddenVehicle,
    start_s: float,
) -> Iterator[Instant]:
    """Yield the predictions that count for a vehicle, while it is in the range of the truth."""
    truth, end_s = TrafficTruth(drive.street), vehicle.seen_s - LEAD_S
    settings = PipelineSettings(max_rate_hz=RATE_HZ)
    for available_s, prediction in stream_drive(rig, backend, drive, settings, start_s, end_s):
        around = truth.by_index(prediction.stamp_ns / NS_PER_S)
        if available_s >= end_s - WINDOW_S and vehicle.index in around and prediction.vehicles is not None:
            found = decode_vehicles(prediction.vehicles, config, MIN_PROBABILITY)
            azimuths_rad = [other.azimuth_rad for other in around.values()]
            yield Instant(found, around[vehicle.index].azimuth_rad, azimuths_rad)


def _empty_scores(approaches: Sequence[Approach]) -> Iterator[float]:
    """Yield the largest probability of an announcement in each empty direction."""
    for place, one in enumerate(approaches):
        azimuths_rad = [instant.azimuth_rad for instant in one.instants]
        yield from _score_if_clear(one.instants, [-azimuth_rad for azimuth_rad in azimuths_rad])
        following = (*approaches[place + 1 :], *approaches[:place])
        for other in islice((candidate for candidate in following if candidate.street != one.street), OTHER_STREETS):
            yield from _score_if_clear(other.instants, azimuths_rad)


def _score_if_clear(instants: Sequence[Instant], azimuths_rad: Sequence[float]) -> Iterator[float]:
    pairs = list(zip(instants, azimuths_rad, strict=False))
    nearest_rad = (angle_between(azimuth, other) for instant, azimuth in pairs for other in instant.traffic_rad)
    if pairs and min(nearest_rad, default=math.inf) > CLEAR_RAD:
        yield _announcement([instant for instant, _ in pairs], [azimuth for _, azimuth in pairs])


def _announcement(instants: Sequence[Instant], azimuths_rad: Sequence[float]) -> float:
    """Return the largest probability of a found vehicle in a direction, 0 without any."""
    return max(
        (
            vehicle.probability
            for instant, azimuth_rad in zip(instants, azimuths_rad, strict=True)
            for vehicle in instant.found
            if angle_between(vehicle.azimuth_rad, azimuth_rad) <= MAX_ANGLE_RAD
        ),
        default=0.0,
    )
