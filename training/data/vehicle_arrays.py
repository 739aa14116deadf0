# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Vehicles around the robot in the window cache and in batches: a table of constant size for each window."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from audio_manifold_ros.common.class_ids import CLASS_NAMES
from audio_manifold_ros.networks.vehicle_map import VehiclePosition

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from audio_manifold_ros.modalities.vehicle_observation import VehicleObservation

VEHICLES, AZIMUTHS = 'vehicles', 'azimuths'
# The nearest vehicles of a window. A simulated street has at most about 25 within 50 m.
MAX_VEHICLES = 32
# Class id, azimuth (rad), distance (m), 1 if hidden, speed (m/s).
COLUMNS = 5
AZIMUTH, HIDDEN = 1, 3
# Slower vehicles stand.
MOVING_MPS = 0.5


def to_row(vehicles: Sequence[VehicleObservation]) -> NDArray[np.float32]:
    """Return the table float32 (`MAX_VEHICLES`, `COLUMNS`) of a window, the nearest first, filled up with NaN."""
    nearest = sorted(vehicles, key=lambda one: one.distance_m)[:MAX_VEHICLES]
    table = np.full((MAX_VEHICLES, COLUMNS), np.nan, dtype=np.float32)
    for index, one in enumerate(nearest):
        table[index] = (one.class_id, one.azimuth_rad, one.distance_m, one.is_hidden, one.speed_mps)
    return table


def to_positions(table: NDArray[np.floating]) -> list[VehiclePosition]:
    """Return the vehicles of a table (vehicle, `COLUMNS`)."""
    rows = table[np.isfinite(table[:, 0])].tolist()
    return [
        VehiclePosition(CLASS_NAMES[int(kind)], azimuth, distance, is_moving=speed > MOVING_MPS)
        for kind, azimuth, distance, _, speed in rows
    ]
