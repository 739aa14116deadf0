# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Table of the vehicles around the robot at the images of a drive, as a drive file stores it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.class_ids import CLASS_NAMES
from audio_manifold_ros.modalities.vehicle_observation import VehicleObservation

VEHICLES = 'vehicles'
# Image, class id, azimuth (rad), distance (m), 1 if hidden, speed (m/s).
COLUMNS = 6
MAX_TABLE_BYTES = 1 << 27


def to_rows(image: int, vehicles: Sequence[VehicleObservation]) -> list[tuple[float, ...]]:
    """Return the rows of one image."""
    return [
        (image, one.class_id, one.azimuth_rad, one.distance_m, float(one.is_hidden), one.speed_mps) for one in vehicles
    ]


def check_table(table: NDArray[np.float32], images: int) -> None:
    """Check a stored table.

    Raises:
        ValueError: The shape is wrong, an image does not exist, or a value is out of range.

    """
    if table.shape[1] != COLUMNS or not np.isfinite(table).all():
        msg = f'{VEHICLES!r} {table.shape} is not a table of {COLUMNS} finite columns'
        raise ValueError(msg)
    image, kind, azimuth, distance, hidden, speed = table.T
    in_order = bool(np.all(np.diff(image) >= 0)) and bool(np.all((image >= 0) & (image < images)))
    if not in_order or np.any(image != np.floor(image)):
        msg = f'{VEHICLES!r} has rows of images that are not in increasing order from 0 to {images - 1}'
        raise ValueError(msg)
    known = np.all((kind >= 0) & (kind < len(CLASS_NAMES)) & (kind == np.floor(kind)))
    possible = np.all((np.abs(azimuth) < math.pi + 1e-3) & (distance >= 0) & (speed >= 0) & np.isin(hidden, (0, 1)))
    if not (known and possible):
        msg = f'{VEHICLES!r} has classes, azimuths, distances, hidden flags or speeds out of range'
        raise ValueError(msg)


def from_table(table: NDArray[np.float32], image: int) -> tuple[VehicleObservation, ...]:
    """Return the vehicles of one image of a checked table."""
    rows = table[table[:, 0] == image]
    return tuple(
        VehicleObservation(int(kind), azimuth, distance, bool(hidden), speed)
        for _, kind, azimuth, distance, hidden, speed in rows.tolist()
    )
