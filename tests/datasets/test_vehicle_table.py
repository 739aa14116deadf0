# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Vehicles around the robot in drive files."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

from audio_manifold_ros.common.class_ids import BUS, CAR
from audio_manifold_ros.common.errors import DatasetError
from audio_manifold_ros.datasets import vehicle_table
from audio_manifold_ros.datasets.drive_reader import DriveReader
from audio_manifold_ros.datasets.drive_writer import DriveWriter
from audio_manifold_ros.datasets.rig_files import RigFiles
from audio_manifold_ros.modalities.vehicle_observation import VehicleObservation
from tests.datasets.drive_examples import RIG_FOLDER

SEEN = VehicleObservation(CAR, 0.5, 12.0, False, 8.0)
HIDDEN = VehicleObservation(BUS, -3.0, 30.0, True, 0.0)
ROW = (0.0, CAR, 0.5, 12.0, 0.0, 8.0)


def write(path: Path, statements: list[tuple[VehicleObservation, ...] | None]) -> None:
    rig = RigFiles.from_folder(RIG_FOLDER)
    with DriveWriter(
        path, drive_id='one', rig=rig, sample_rate_hz=22_500, channels=8, provenance={'origin': 'test'}
    ) as writer:
        writer.add_audio(np.zeros((8, 22_500), np.int16), 0)
        for image, vehicles in enumerate(statements):
            writer.add_image(1000 * (image + 1), labels=np.zeros((4, 4), np.uint8))
            if vehicles is not None:
                writer.add_vehicles(vehicles)


def test_vehicles_of_each_image_are_read_back(tmp_path: Path) -> None:
    write(tmp_path / 'one.h5', [(SEEN, HIDDEN), (), (HIDDEN,)])
    with DriveReader(tmp_path / 'one.h5', verify=True) as drive:
        assert drive.has_vehicles
        assert [drive.vehicles(image) for image in range(3)] == [(SEEN, HIDDEN), (), (HIDDEN,)]


def test_a_drive_without_statement_is_read(tmp_path: Path) -> None:
    write(tmp_path / 'one.h5', [None, None])
    with DriveReader(tmp_path / 'one.h5') as drive:
        assert not drive.has_vehicles
        with pytest.raises(DatasetError, match='has_vehicles'):
            drive.vehicles(0)


def test_streets_without_vehicles_are_stated(tmp_path: Path) -> None:
    write(tmp_path / 'one.h5', [()])
    with DriveReader(tmp_path / 'one.h5') as drive:
        assert drive.vehicles(0) == ()


@pytest.mark.parametrize('statements', [[(SEEN,), None], [None, (SEEN,)]])
def test_a_statement_for_some_images_is_refused(
    tmp_path: Path, statements: list[tuple[VehicleObservation, ...] | None]
) -> None:
    with pytest.raises(DatasetError, match='vehicles for'):
        write(tmp_path / 'one.h5', statements)


@pytest.mark.parametrize(
    ('column', 'value'), [(0, 1.0), (0, -1.0), (0, 0.5), (1, 99.0), (2, 4.0), (3, -1.0), (4, 0.5), (5, np.nan)]
)
def test_a_wrong_value_is_refused(column: int, value: float) -> None:
    row = np.array([ROW], dtype=np.float32)
    vehicle_table.check_table(row, 1)
    row[0, column] = value
    with pytest.raises(ValueError, match='vehicles'):
        vehicle_table.check_table(row, 1)


def test_a_table_of_another_type_is_refused(tmp_path: Path) -> None:
    write(tmp_path / 'one.h5', [(SEEN,)])
    with h5py.File(tmp_path / 'one.h5', 'r+') as file:
        del file['vehicles']
        file.create_dataset('vehicles', data=np.zeros((1, 6), np.int32))
    with pytest.raises(DatasetError):
        DriveReader(tmp_path / 'one.h5')
