# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Sound sources of vehicles other than tyres and engines: bicycles, trams, horns and sirens."""

from __future__ import annotations

import numpy as np

from audio_manifold_ros.simulation.generation import statistics
from audio_manifold_ros.simulation.grid_trajectory import GridTrajectory
from audio_manifold_ros.simulation.sound_source import EmissionKind, SoundSource
from audio_manifold_ros.simulation.vehicle import Vehicle, VehicleKind

SIRENS = (EmissionKind.SIREN_WAIL, EmissionKind.SIREN_YELP, EmissionKind.SIREN_HI_LO)
# Bogies of a tram, as fractions of its length from the centre.
BOGIES = (-0.36, 0.0, 0.36)


def vehicle_sounds(rng: np.random.Generator, vehicles: list[Vehicle], duration_s: float) -> list[SoundSource]:
    """Sample the sound sources of moving vehicles."""
    sounds = []
    for vehicle in vehicles:
        level_db = float(rng.normal(0, 2))
        if vehicle.kind is VehicleKind.BICYCLE:
            sounds.append(SoundSource(EmissionKind.BICYCLE, vehicle.trajectory, level_offset_db=level_db))
        if vehicle.kind is VehicleKind.TRAM and isinstance(vehicle.trajectory, GridTrajectory):
            for place in BOGIES:
                motion = vehicle.trajectory.ahead(place * vehicle.length_m)
                share_db = level_db - 10 * np.log10(len(BOGIES))
                sounds.append(
                    SoundSource(EmissionKind.TRAM, motion, level_offset_db=share_db, carrier=vehicle.trajectory)
                )
    motors = [vehicle for vehicle in vehicles if vehicle.audible]
    if motors and rng.random() < statistics.HORN_SHARE:
        start_s = rng.uniform(0.0, duration_s)
        vehicle = motors[int(rng.integers(len(motors)))]
        end_s = start_s + rng.uniform(*statistics.HORN_S)
        sounds.append(SoundSource(EmissionKind.HORN, vehicle.trajectory, start_s=start_s, end_s=end_s))
    vans = [vehicle for vehicle in motors if vehicle.kind in (VehicleKind.VAN, VehicleKind.CAR)]
    if vans and rng.random() < statistics.SIREN_SHARE:
        vehicle = vans[int(rng.integers(len(vans)))]
        kind = SIRENS[int(rng.integers(len(SIRENS)))]
        sounds.append(SoundSource(kind, vehicle.trajectory, height_m=vehicle.height_m))
    return sounds
