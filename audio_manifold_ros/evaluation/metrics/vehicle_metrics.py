# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Average precision of vehicles all round by direction and distance, and which found vehicles are right."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.array_types import FloatArray
from audio_manifold_ros.networks.vehicle_map import VehiclePosition

MAX_ANGLE_RAD = math.radians(10.0)
MAX_DISTANCE_FRACTION = 0.2
MIN_DISTANCE_M = 1.0
DISTANCE_LIMITS_M = (10.0, 20.0, 30.0, 50.0)


@dataclass(frozen=True)
class VehicleScore:
    """Average precision within a distance.

    Attributes:
        within_m: Largest distance of a true vehicle.
        average_precision: Area below the curve of precision over recall, 0 to 1; NaN without true vehicles. A hit is
            within 10 degrees and 20 % of the distance.
        direction_precision: The same, where a hit is within 10 degrees.
        vehicles: Number of true vehicles that move.

    """

    within_m: float
    average_precision: float
    direction_precision: float
    vehicles: int


def vehicle_scores(
    windows: Iterable[tuple[Sequence[VehiclePosition], Sequence[VehiclePosition]]],
    limits_m: Sequence[float] = DISTANCE_LIMITS_M,
    *,
    any_class: bool = True,
) -> list[VehicleScore]:
    """Return the scores of found vehicles within several distances.

    A found vehicle that only matches a true vehicle beyond the limit, or one that stands, is not counted. A found
    vehicle counts as false if it matches none and is within the limit itself.

    Args:
        windows: Found and true vehicles of each window.
        limits_m: Distances.
        any_class: Ignore the classes. Otherwise a hit has the class of the true vehicle.

    """
    pairs = list(windows)
    scores = []
    for limit_m in limits_m:
        full = [_matches(found, truth, limit_m, MAX_DISTANCE_FRACTION, any_class=any_class) for found, truth in pairs]
        direction = [_matches(found, truth, limit_m, math.inf, any_class=any_class) for found, truth in pairs]
        count = sum(1 for _, truth in pairs for vehicle in truth if _counts(vehicle, limit_m))
        precision, direction_precision = (_average_precision(matches, count) for matches in (full, direction))
        scores.append(VehicleScore(limit_m, precision, direction_precision, count))
    return scores


def direction_hits(
    windows: Iterable[tuple[Sequence[VehiclePosition], Sequence[VehiclePosition]]],
) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Return the probability of each found vehicle (found,), and whether a moving vehicle is within 10 degrees of it.

    As in `vehicle_scores`, each true vehicle is one hit at most, and found vehicles that only match one that stands are
    left out.
    """
    counted = [item for found, truth in windows for item in _matches(found, truth, math.inf, math.inf, any_class=True)]
    probabilities = np.array([probability for probability, _ in counted], dtype=np.float64)
    return probabilities, np.array([is_hit for _, is_hit in counted], dtype=np.bool_)


def match_vehicles(found: Sequence[VehiclePosition], truth: Sequence[VehiclePosition]) -> list[VehiclePosition | None]:
    """Return for each true vehicle the found one in its direction, at most 10 degrees apart, or None.

    Each found vehicle is matched once, the most probable first, with the true vehicle whose distance is the nearest.
    """
    matched: list[VehiclePosition | None] = [None] * len(truth)
    for vehicle in sorted(found, key=lambda item: -item.probability):
        candidates = [
            (abs(math.log(vehicle.distance_m / max(other.distance_m, MIN_DISTANCE_M))), index)
            for index, other in enumerate(truth)
            if matched[index] is None and angle_between(vehicle.azimuth_rad, other.azimuth_rad) <= MAX_ANGLE_RAD
        ]
        if candidates:
            matched[min(candidates)[1]] = vehicle
    return matched


def angle_between(first_rad: float, second_rad: float) -> float:
    """Return the absolute angle between two azimuths, 0 to pi."""
    return abs((first_rad - second_rad + math.pi) % (2 * math.pi) - math.pi)


def _matches(
    found: Sequence[VehiclePosition],
    truth: Sequence[VehiclePosition],
    limit_m: float,
    fraction: float,
    *,
    any_class: bool,
) -> list[tuple[float, bool]]:
    """Return probability and correctness of the counted found vehicles. Each true vehicle is matched once."""
    free = list(truth)
    counted = []
    for vehicle in sorted(found, key=lambda item: -item.probability):
        candidates = [
            (not other.is_moving, angle_between(vehicle.azimuth_rad, other.azimuth_rad), index)
            for index, other in enumerate(free)
            if _is_near(vehicle, other, fraction) and (any_class or vehicle.category == other.category)
        ]
        if candidates:
            match = free.pop(min(candidates)[2])
            if _counts(match, limit_m):
                counted.append((vehicle.probability, True))
        elif vehicle.distance_m <= limit_m:
            counted.append((vehicle.probability, False))
    return counted


def _counts(truth: VehiclePosition, limit_m: float) -> bool:
    return truth.is_moving and truth.distance_m <= limit_m


def _is_near(found: VehiclePosition, truth: VehiclePosition, fraction: float) -> bool:
    is_aligned = angle_between(found.azimuth_rad, truth.azimuth_rad) <= MAX_ANGLE_RAD
    return is_aligned and abs(found.distance_m - truth.distance_m) <= fraction * truth.distance_m


def _average_precision(windows: Sequence[list[tuple[float, bool]]], vehicles: int) -> float:
    if not vehicles:
        return math.nan
    found = sorted((item for window in windows for item in window), key=lambda item: -item[0])
    if not found:
        return 0.0
    hits = np.cumsum([correct for _, correct in found])
    precision = hits / np.arange(1, len(found) + 1)
    # The precision at a recall is the best one at that recall or a higher one.
    best = np.maximum.accumulate(precision[::-1])[::-1]
    return float(np.diff(np.concatenate([[0.0], hits / vehicles])) @ best)
