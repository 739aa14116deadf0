# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Hidden vehicles at junctions: which vehicles count, announcements and empty directions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from audio_manifold_ros.common.resource_paths import resource_path
from audio_manifold_ros.features.spatial_spec import SpatialFeatureSpec
from audio_manifold_ros.networks.vehicle_map import VehiclePosition
from audio_manifold_ros.simulation.scene import Facade, Junction, Vehicle
from audio_manifold_ros.simulation.trajectory import StraightTrajectory
from tests.inference.spatial_bundle import write_spatial_bundle
from tests.simulation.street_examples import DRIVING, EMPTY, car
from training.comparison import junctions as junctions_module
from training.comparison.hidden_vehicles import hidden_vehicles
from training.comparison.junctions import Approach, Instant, announced_share, measure_junctions

ARM = Junction(18.0, 3.2, 5.5, (1,), 80.0, has_signals=False)
CORNER = Facade.along_x(1, 8.0, (-10.0, 12.5), 10.0, 12.0, 0.1, 0.2)


def moving(x_m: float, y_m: float, velocity_mps: tuple[float, float]) -> Vehicle:
    return replace(car(0, 0, 1.0), trajectory=StraightTrajectory((x_m, y_m, 0.0), (*velocity_mps, 0.0)))


def test_vehicles_on_an_arm_count_from_the_instant_at_which_the_corner_shows_them() -> None:
    ego = replace(DRIVING, trajectory=StraightTrajectory((0.0, -1.75, 0.0), (1.0, 0.0, 0.0)))
    crossing, standing = moving(18.0, 40.0, (0.0, -6.0)), moving(18.0, 45.0, (0.0, 0.0))
    behind_the_houses, in_sight = moving(5.0, 40.0, (1.0, -0.5)), moving(30.0, -1.75, (-2.0, 0.0))
    street = replace(
        EMPTY,
        ego=ego,
        facades=(CORNER,),
        vehicles=(crossing, standing, behind_the_houses, in_sight),
        junctions=(ARM,),
    )
    (found,) = hidden_vehicles(street, 1.5, 8.0, 1.0)
    assert found.index == 0
    assert 2.0 < found.seen_s < 6.0
    assert hidden_vehicles(street, found.seen_s + 0.1, 8.0, 1.0) == []
    assert hidden_vehicles(street, 1.5, 8.0, found.seen_s + 1.0) == []
    assert hidden_vehicles(replace(street, junctions=()), 1.5, 8.0, 1.0) == []


def found_at(*directions_deg: float, probability: float = 0.6) -> list[VehiclePosition]:
    return [VehiclePosition('car', math.radians(degrees), 20.0, probability) for degrees in directions_deg]


def approach(street: int, found: Sequence[VehiclePosition], azimuth_deg: float, *traffic_deg: float) -> Approach:
    azimuth_rad = math.radians(azimuth_deg)
    instant = Instant(found, azimuth_rad, [azimuth_rad, *(math.radians(degrees) for degrees in traffic_deg)])
    return Approach(street, [instant, replace(instant, found=[])])


def test_vehicles_in_their_direction_are_announced_and_those_in_empty_directions_are_false_alarms() -> None:
    right = [approach(street, found_at(40 + street % 3, probability=0.6), 45) for street in range(30)]
    missed = [approach(street, found_at(120), 45) for street in range(30, 40)]
    found = announced_share([*right, *missed])
    # The directions of all streets are the same, so only the mirrored ones are empty.
    assert (found['hidden'], found['empty']) == (40, 40)
    assert (found['announced'], found['false_alarms']) == (0.75, 0.0)
    assert found['announced_error'] == pytest.approx(math.sqrt(0.75 * 0.25 / 40))


def test_a_network_that_finds_vehicles_everywhere_announces_none() -> None:
    everywhere = found_at(*range(-180, 180, 10))
    found = announced_share([approach(street, everywhere, 45) for street in range(30)])
    assert (found['announced'], found['false_alarms'], found['probability']) == (0.0, 0.0, 0.6)


def test_the_probability_allows_one_false_alarm_in_twenty_empty_directions() -> None:
    approaches = [
        approach(street, [*found_at(45, probability=0.5), *found_at(-45, probability=street / 40)], 45)
        for street in range(40)
    ]
    found = announced_share(approaches)
    assert found['false_alarms'] == 0.05
    assert found['probability'] == 37 / 40
    assert found['announced'] == 0.0


def test_directions_near_traffic_are_not_empty() -> None:
    approaches = [approach(street, found_at(45), azimuth, -50) for street, azimuth in enumerate((45, 45, 100, 100))]
    # Mirrored, -45 is near traffic and -100 is not. In two other streets each, 45 and 100 are empty.
    assert announced_share(approaches)['empty'] == 2 + 4 * 2
    assert announced_share([]) == {
        'hidden': 0,
        'empty': 0,
        'announced': None,
        'announced_error': None,
        'false_alarms': None,
        'probability': None,
    }


def test_a_bundle_drives_through_streets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(junctions_module, 'SECONDS', 7.0)
    bundle = write_spatial_bundle(tmp_path / 'spatial', SpatialFeatureSpec())
    found = measure_junctions(bundle, resource_path('calibration/roof_octagon'), (900_027, 900_051))
    assert found['hidden'] == 2
    assert found['empty'] in range(5)
