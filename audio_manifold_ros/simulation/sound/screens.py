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
        self._sound_mps = sound_mps
        self._buildings = buildings(street.facades)
        tall = [vehicle for vehicle in street.vehicles if vehicle.height_m > MIN_HEIGHT_M]
        still = set(static_indices(tall).tolist())
        standing = [vehicle for index, vehicle in enumerate(tall) if index in still]
        self._standing = vehicle_boxes(standing, np.zeros(1))
        self._moving = [vehicle for index, vehicle in enumerate(tall) if index not in still]
        # A vehicle that waits in a queue has a running engine, so the own box of a source may be of either group.
        self._own = list(zip(_places(source_vehicles, standing), _places(source_vehicles, self._moving), strict=True))
        self._boxes: tuple[float, float, Obstacles] | None = None

    def direct(self, index: int, source_m: FloatArray, centre_m: FloatArray, times_s: FloatArray) -> FloatArray:
        """Return the amplitudes (3, time) of the direct path of a source at positions (time, 3)."""
        own_standing, own_moving = self._own[index]
        detours = [
            detours_m(self._buildings, source_m, centre_m),
            detours_m(self._standing, source_m, centre_m, own_standing),
            detours_m(self._moving_boxes(times_s), source_m, centre_m, own_moving),
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


def _places(source_vehicles: list[Vehicle | None], vehicles: list[Vehicle]) -> list[int]:
    """Return the index of the vehicle of each source among the vehicles, -1 where it is not one of them."""
    places = {id(vehicle): index for index, vehicle in enumerate(vehicles)}
    return [places.get(id(own), -1) for own in source_vehicles]
