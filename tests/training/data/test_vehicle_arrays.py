# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Vehicles in the window cache: their frame, their order, and their agreement with the sound."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from audio_manifold_ros.common.class_ids import BUS, CAR
from audio_manifold_ros.datasets.drive_reader import DriveReader
from audio_manifold_ros.features.spatial_spec import SpatialFeatureSpec
from audio_manifold_ros.modalities.vehicle_observation import VehicleObservation
from training.config.data_configuration import DataConfig
from training.data.cache import open_cache
from training.data.split_file import SPLITS
from training.data.vehicle_arrays import AZIMUTHS, MAX_VEHICLES, VEHICLES, to_positions, to_row
from training.data.window_dataset import find_drives


def test_the_nearest_vehicles_are_kept() -> None:
    observations = [VehicleObservation(CAR, 0.1 * index, 40.0 - index, False, index % 2) for index in range(36)]
    row = to_row([*observations, VehicleObservation(BUS, -1.0, 1.0, True, 3.0)])
    positions = to_positions(row)
    assert len(positions) == MAX_VEHICLES
    assert (positions[0].category, positions[0].is_moving) == ('bus', True)
    assert positions[0].azimuth_rad == pytest.approx(-1.0)
    assert [one.is_moving for one in positions[1:3]] == [True, False]
    assert to_positions(to_row([])) == []


def test_a_vehicle_is_seen_from_the_centre_of_the_array() -> None:
    vehicle = VehicleObservation(CAR, math.pi / 2, 10.0, False, 5.0)
    seen = vehicle.seen_from(-10.0, 0.0)
    assert (seen.azimuth_rad, seen.distance_m) == pytest.approx((math.pi / 4, math.sqrt(200)))
    assert vehicle.seen_from(0.0, 12.0).azimuth_rad == pytest.approx(-math.pi / 2)


def test_the_sound_comes_from_the_side_of_the_vehicle(data_config: DataConfig) -> None:
    """Positive azimuths are to the left in table and map: the steered power is larger towards a vehicle."""
    spec = SpatialFeatureSpec()
    cache = open_cache(replace(data_config, features=spec), progress=False)
    indices = np.concatenate([cache.indices(split) for split in SPLITS])
    place, shape = spec.blocks['steered']
    power = cache.features(indices)[:, place].reshape(-1, *shape)[:, :, :, 8:12].mean(axis=(1, 3))
    tables = cache.take(VEHICLES, indices)
    differences = []
    for row, azimuths, table in zip(power, cache.take(AZIMUTHS, indices), tables, strict=True):
        near = [one.azimuth_rad for one in to_positions(table) if one.is_moving and one.distance_m < 15]
        if len(near) == 1 and abs(math.sin(near[0])) > 0.3:
            towards, mirrored = (int(np.cos(azimuths - side * near[0]).argmax()) for side in (1, -1))
            differences.append(row[towards] - row[mirrored])
    assert len(differences) >= 3
    assert np.mean(np.array(differences) > 0) >= 0.75


def test_vehicles_are_those_of_the_image_of_the_window(data_config: DataConfig) -> None:
    cache = open_cache(data_config, progress=False)
    index = cache.indices('train')[:1]
    ((drive_id, stamp_ns),) = cache.instants(index)
    with DriveReader(find_drives(data_config.drives)[drive_id]) as drive:
        image = drive.image_stamps_ns.tolist().index(stamp_ns)
        expected = drive.vehicles(image)
    found = to_positions(cache.take(VEHICLES, index)[0])
    assert [one.distance_m for one in found] == pytest.approx([one.distance_m for one in expected], rel=1e-5)
    assert [one.azimuth_rad for one in found] == pytest.approx([one.azimuth_rad for one in expected], rel=1e-4)
