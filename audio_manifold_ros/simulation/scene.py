# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Static and moving objects of a simulated street, shared by audio and images.

World frame: x along the road in the direction of travel, y to the left, z up, origin on the road's centre line under
the ego vehicle at time zero. Metres, seconds, radians.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np

from audio_manifold_ros.common.array_types import FloatArray
from audio_manifold_ros.simulation.sound_source import SoundSource
from audio_manifold_ros.simulation.trajectory import StraightTrajectory, Trajectory


class VehicleKind(str, Enum):
    """Kinds of vehicles, with the source spectra of CNOSSOS-EU and the classes of Cityscapes."""

    CAR = 'car'
    TRUCK = 'truck'
    BUS = 'bus'
    MOTORCYCLE = 'motorcycle'


@dataclass(frozen=True)
class Vehicle:
    """Vehicle other than the ego vehicle, parallel to the road, at constant velocity.

    Attributes:
        kind: Kind of the vehicle.
        x_m: Centre along the road at time zero.
        y_m: Centre across the road.
        length_m: Size along the road.
        width_m: Size across the road.
        height_m: Height over the ground.
        velocity_mps: Velocity along x; negative for oncoming traffic, zero for a parked vehicle.
        audible: False for a parked vehicle with its engine off.
        electric: True without propulsion noise.
        level_offset_db: Individual deviation from the source level of the class.
        engine_hz: Firing frequency of the engine.

    """

    kind: VehicleKind
    x_m: float
    y_m: float
    length_m: float
    width_m: float
    height_m: float
    velocity_mps: float
    audible: bool
    electric: bool
    level_offset_db: float
    engine_hz: float

    def centre_m(self, time_s: float) -> tuple[float, float]:
        """Return (x, y) of the centre."""
        return self.x_m + self.velocity_mps * time_s, self.y_m

    @property
    def trajectory(self) -> Trajectory:
        """Return the motion of the centre of the footprint."""
        return StraightTrajectory((self.x_m, self.y_m, 0.0), (self.velocity_mps, 0.0, 0.0))


@dataclass(frozen=True)
class Facade:
    """Wall parallel to the road. Its ends are closed by perpendicular walls, `depth_m` deep."""

    side: int
    y_m: float
    x_start_m: float
    x_end_m: float
    height_m: float
    depth_m: float
    absorption: float
    scattering: float


@dataclass(frozen=True)
class Tree:
    """Trunk with an ellipsoidal crown."""

    x_m: float
    y_m: float
    trunk_radius_m: float
    trunk_height_m: float
    crown_radius_m: float
    crown_height_m: float
    needles: bool


@dataclass(frozen=True)
class Fence:
    """Fence parallel to the road."""

    y_m: float
    x_start_m: float
    x_end_m: float
    height_m: float


@dataclass(frozen=True)
class Weather:
    """Air, wind and background noise.

    Attributes:
        temperature_c: Temperature of the air.
        wind_mps: Speed of the wind.
        wind_azimuth_rad: Direction of the wind.
        background_db: Sound pressure level of the town.
        tail_db: Level of the reverberant tail of the street.
        tail_s: Duration of the reverberant tail.

    """

    temperature_c: float
    wind_mps: float
    wind_azimuth_rad: float
    background_db: float
    tail_db: float
    tail_s: float


@dataclass(frozen=True)
class Ego:
    """Vehicle that carries array and camera, on a straight line along the road.

    Attributes:
        y_m: Lateral position of base_link.
        speed_mps: Speed along x; zero for a parked vehicle.
        yaw_rad: Yaw of the body relative to the road (small).
        electric: True without propulsion noise.
        engine_hz: Firing frequency of the engine.
        level_offset_db: Individual deviation of the ego noise.

    """

    y_m: float
    speed_mps: float
    yaw_rad: float
    electric: bool
    engine_hz: float
    level_offset_db: float

    @property
    def trajectory(self) -> Trajectory:
        """Return the motion of base_link."""
        return StraightTrajectory((0.0, self.y_m, 0.0), (self.speed_mps, 0.0, 0.0))

    def heading(self, time_s: FloatArray) -> FloatArray:
        """Return the yaw of the body (time,) in radians at these times (time,)."""
        return np.full(len(time_s), self.yaw_rad)

    def position_m(self, time_s: float) -> FloatArray:
        """Return the position of base_link (3,) in the world, on the ground."""
        return np.array([self.speed_mps * time_s, self.y_m, 0.0])

    def to_world(self, points_m: FloatArray, time_s: float) -> FloatArray:
        """Transform points (n, 3) from base_link to the world at a time."""
        return points_m @ self.rotation().T + self.position_m(time_s)

    def rotation(self) -> FloatArray:
        """Return the rotation (3, 3) from base_link to world."""
        c, s = np.cos(self.yaw_rad), np.sin(self.yaw_rad)
        return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])


@dataclass(frozen=True)
class Street:
    """All objects of a street.

    Attributes:
        seed: Seed of the street.
        road_left_m: y of the left kerb.
        road_right_m: y of the right kerb (negative).
        pavement_left_m: y of the end of the left pavement, where terrain or a building begins.
        pavement_right_m: y of the end of the right pavement (negative).
        facades: Walls of both sides.
        trees: Trees of both sides.
        fences: Fences of both sides.
        vehicles: All vehicles except the ego vehicle.
        ego: Ego vehicle with array and camera.
        weather: Air and background noise.
        sounds: Sources of sound other than tyres and engines of vehicles.

    """

    seed: int
    road_left_m: float
    road_right_m: float
    pavement_left_m: float
    pavement_right_m: float
    facades: tuple[Facade, ...]
    trees: tuple[Tree, ...]
    fences: tuple[Fence, ...]
    vehicles: tuple[Vehicle, ...]
    ego: Ego
    weather: Weather
    sounds: tuple[SoundSource, ...] = ()
