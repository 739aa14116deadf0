# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Simulation of a street: scene, acoustics of moving vehicles, and camera images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_manifold_ros.common.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from audio_manifold_ros.simulation.device_simulation import DeviceChannels
    from audio_manifold_ros.simulation.drive import Drive
    from audio_manifold_ros.simulation.ego import Ego
    from audio_manifold_ros.simulation.grid_trajectory import GridTrajectory
    from audio_manifold_ros.simulation.renderer import CameraRenderer
    from audio_manifold_ros.simulation.scene import Facade, Pedestrian, Street, Weather
    from audio_manifold_ros.simulation.sound_source import EmissionKind, SoundSource
    from audio_manifold_ros.simulation.street import make_street
    from audio_manifold_ros.simulation.trajectory import StraightTrajectory, Trajectory
    from audio_manifold_ros.simulation.vehicle import Vehicle, VehicleKind

__all__ = [
    'CameraRenderer',
    'DeviceChannels',
    'Drive',
    'Ego',
    'EmissionKind',
    'Facade',
    'GridTrajectory',
    'Pedestrian',
    'SoundSource',
    'StraightTrajectory',
    'Street',
    'Trajectory',
    'Vehicle',
    'VehicleKind',
    'Weather',
    'make_street',
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        'device_simulation': 'DeviceChannels',
        'drive': 'Drive',
        'ego': 'Ego',
        'grid_trajectory': 'GridTrajectory',
        'renderer': 'CameraRenderer',
        'scene': 'Facade Pedestrian Street Weather',
        'sound_source': 'SoundSource EmissionKind',
        'street': 'make_street',
        'trajectory': 'StraightTrajectory Trajectory',
        'vehicle': 'Vehicle VehicleKind',
    },
)
