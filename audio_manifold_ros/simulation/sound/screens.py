# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Losses of the paths of a street behind its buildings and vehicles."""

from __future__ import annotations

import numpy as np

from audio_manifold_ros.common.array_types import FloatArray
from audio_manifold_ros.simulation.scene import Street
from audio_manifold_ros.simulation.sound.occlusion import (
    Obstacles,
    buildings,
    detours_m,
    diffraction_gains,
    static_indices,
    vehicle_boxes,
)
from audio_manifold_ros.simulation.vehicle import Vehicle

# Lower vehicles, such as bicycles, screen little.
MIN_HEIGHT_M = 1.2


class Screens:
    """Buildings and vehicles between the sources of a street and the array."""

    def __init__(self, street: Street, source_vehicles: list[Vehicle | None], sound_mps: float) -> None:
        """Store the geometry.

        Args:
            street: The street.
            source_vehicles: Vehicle of each source, which does not screen it; None for another source.
            sound_mps: Speed of sound.

        """
        self._sound_mps, self._source_vehicles = sound_mps, source_vehicles
        self._buildings = buildings(street.facades)
        tall = [vehicle for vehicle in street.vehicles if vehicle.height_m > MIN_HEIGHT_M]
        still = static_indices(tall)
        self._parked = vehicle_boxes([tall[index] for index in still], np.zeros(1))
        moving = [vehicle for index, vehicle in enumerate(tall) if index not in set(still.tolist())]
        self._moving = moving
        self._places = {id(vehicle): index for index, vehicle in enumerate(moving)}
        self._boxes: tuple[float, float, Obstacles] | None = None

    def direct(self, index: int, source_m: FloatArray, centre_m: FloatArray, times_s: FloatArray) -> FloatArray:
        """Return the amplitudes (3, time) of the direct path of a source at positions (time, 3)."""
        own = self._source_vehicles[index]
        skipped = -1 if own is None else self._places.get(id(own), -1)
        detours = [
            detours_m(self._buildings, source_m, centre_m),
            detours_m(self._parked, source_m, centre_m),
            detours_m(self._moving_boxes(times_s), source_m, centre_m, skipped),
        ]
        return diffraction_gains(np.max(detours, axis=0), self._sound_mps)

    @property
    def buildings(self) -> Obstacles:
        """Buildings, which screen reflected paths. Vehicles do not screen these."""
        return self._buildings

    def _moving_boxes(self, times_s: FloatArray) -> Obstacles:
        """Return the moving vehicles as boxes. They are the same for all sources of one call."""
        key = (float(times_s[0]), float(times_s[-1]))
        if self._boxes is None or self._boxes[:2] != key:
            self._boxes = (*key, vehicle_boxes(self._moving, times_s))
        return self._boxes[2]
