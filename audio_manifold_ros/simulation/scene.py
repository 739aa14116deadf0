# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Static and moving objects of a simulated street, shared by audio and images.

World frame: x along the road in the direction of travel at the origin, y to the left, z up, origin on the road's
centre line at the ego vehicle's position along the road at time zero. Metres, seconds, radians.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from audio_manifold_ros.simulation.ego import Ego
from audio_manifold_ros.simulation.road_axis import STRAIGHT, RoadAxis
from audio_manifold_ros.simulation.sound_source import SoundSource
from audio_manifold_ros.simulation.trajectory import Trajectory
from audio_manifold_ros.simulation.vehicle import Vehicle


@dataclass(frozen=True)
class Pedestrian:
    """Person on foot. Steps and voice are sound sources of the street.

    Attributes:
        trajectory: Motion of the person.
        height_m: Height over the ground.
        width_m: Width across the heading.

    """

    trajectory: Trajectory
    height_m: float
    width_m: float


@dataclass(frozen=True)
class Facade:
    """Front wall of a building. Side walls, `depth_m` deep, and a back wall close the building.

    Attributes:
        start_m: One end (x, y) of the wall.
        end_m: The other end. The building is to the right of the direction from start to end.
        height_m: Height over the ground.
        depth_m: Depth of the building behind the wall.
        absorption: Fraction of the energy that is absorbed.
        scattering: Fraction of the reflected energy that is scattered.

    """

    start_m: tuple[float, float]
    end_m: tuple[float, float]
    height_m: float
    depth_m: float
    absorption: float
    scattering: float

    @classmethod
    def along_x(
        cls,
        side: int,
        y_m: float,
        x_range_m: tuple[float, float],
        height_m: float,
        depth_m: float,
        absorption: float,
        scattering: float,
    ) -> Facade:
        """Return a wall parallel to x of a building on the left (side 1) or on the right (side -1) of the wall."""
        low, high = x_range_m
        ends = ((high, y_m), (low, y_m)) if side > 0 else ((low, y_m), (high, y_m))
        return cls(*ends, height_m, depth_m, absorption, scattering)

    @property
    def x_start_m(self) -> float:
        """Lower end of the wall along x."""
        return min(self.start_m[0], self.end_m[0])

    @property
    def x_end_m(self) -> float:
        """Upper end of the wall along x."""
        return max(self.start_m[0], self.end_m[0])


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
    """Fence from one point (x, y) to another."""

    start_m: tuple[float, float]
    end_m: tuple[float, float]
    height_m: float


class PoleKind(str, Enum):
    """Kinds of poles."""

    LAMP = 'lamp'
    SIGN = 'sign'
    TRAFFIC_LIGHT = 'traffic_light'


@dataclass(frozen=True)
class Pole:
    """Vertical pole with a lamp, a sign or a traffic light at its top.

    Attributes:
        kind: Kind of the pole.
        position_m: Position (x, y).
        heading_rad: Direction in which a lamp reaches over the road, or to which the plate of a sign is perpendicular.
        height_m: Height over the ground.
        radius_m: Radius.

    """

    kind: PoleKind
    position_m: tuple[float, float]
    heading_rad: float
    height_m: float
    radius_m: float


@dataclass(frozen=True)
class Junction:
    """Cross street, straight and perpendicular to the road.

    Attributes:
        station_m: Station of the centre of the junction along the road.
        half_road_m: Half of the width between the kerbs of the cross street.
        half_street_m: Half of the width between its façades, its pavements included.
        arms: Sides with an arm: 1 left, -1 right.
        reach_m: Length of each arm from the centre line of the road.
        has_signals: True with traffic lights.

    """

    station_m: float
    half_road_m: float
    half_street_m: float
    arms: tuple[int, ...]
    reach_m: float
    has_signals: bool


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
class Street:
    """All objects of a street.

    Attributes:
        seed: Seed of the street.
        road_left_m: Offset of the left kerb from the centre line.
        road_right_m: Offset of the right kerb (negative).
        pavement_left_m: Offset of the end of the left pavement, where terrain or a building begins.
        pavement_right_m: Offset of the end of the right pavement (negative).
        facades: Walls of both sides.
        trees: Trees of both sides.
        fences: Fences of both sides.
        vehicles: All vehicles except the ego vehicle.
        ego: Ego vehicle with array and camera.
        weather: Air and background noise.
        sounds: Sources of sound other than tyres and engines of vehicles.
        pedestrians: Persons on foot.
        is_wet: True if the road is wet.
        axis: Centre line of the road.
        junctions: Cross streets.
        poles: Poles of both sides.
        driving_side: Side of the road on which traffic drives: -1 right, 1 left.

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
    pedestrians: tuple[Pedestrian, ...] = ()
    is_wet: bool = False
    axis: RoadAxis = STRAIGHT
    junctions: tuple[Junction, ...] = ()
    poles: tuple[Pole, ...] = ()
    driving_side: int = -1
