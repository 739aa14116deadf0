# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Vehicles of a simulated street other than the ego vehicle."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from audio_manifold_ros.simulation.trajectory import Trajectory


class VehicleKind(str, Enum):
    """Kinds of vehicles. Cars, vans, trucks, buses and motorcycles have source spectra of CNOSSOS-EU."""

    CAR = 'car'
    VAN = 'van'
    TRUCK = 'truck'
    BUS = 'bus'
    MOTORCYCLE = 'motorcycle'
    TRAM = 'tram'
    BICYCLE = 'bicycle'


# Kinds without noise of tyres and engine. Their sounds are sound sources of the street.
WITHOUT_ENGINE = (VehicleKind.TRAM, VehicleKind.BICYCLE)


@dataclass(frozen=True)
class Vehicle:
    """Vehicle other than the ego vehicle.

    Attributes:
        kind: Kind of the vehicle.
        trajectory: Motion of its centre.
        length_m: Size along its heading.
        width_m: Size across its heading.
        height_m: Height over the ground.
        audible: True with the noise of tyres and engine. A parked vehicle is silent, and the sounds of a bicycle and a
            tram are sound sources of the street.
        electric: True without propulsion noise.
        level_offset_db: Individual deviation from the source level of the class.
        engine_hz: Firing frequency of the engine.

    """

    kind: VehicleKind
    trajectory: Trajectory
    length_m: float
    width_m: float
    height_m: float
    audible: bool
    electric: bool
    level_offset_db: float
    engine_hz: float

    @property
    def is_in_traffic(self) -> bool:
        """True for a vehicle that is not parked."""
        return self.audible or self.kind in WITHOUT_ENGINE
