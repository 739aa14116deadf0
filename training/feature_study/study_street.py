# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Streets of the study: two seconds of audio, and the vehicles and façades around the array in the middle."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from audio_manifold_ros.common.resource_paths import resource_path
from audio_manifold_ros.datasets.rig_files import RigFiles
from audio_manifold_ros.features.array_geometry import ArrayGeometry
from audio_manifold_ros.features.spatial_spec import SpatialFeatureSpec
from audio_manifold_ros.rig.transform_chain import pose_in_root
from audio_manifold_ros.simulation.drive import SAMPLE_RATE_HZ, Drive
from audio_manifold_ros.simulation.rig_parts import RIG, load_rig
from training.data.vehicle_arrays import MOVING_MPS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from audio_manifold_ros.common.array_types import FloatArray, Samples
    from audio_manifold_ros.simulation.scene import Facade

DEFAULT = SpatialFeatureSpec()
SECONDS = 2
MIDDLE_S = SECONDS / 2
# Farther vehicles do not count.
RANGE_M = 40.0
# A slower car has no noise of its own that is loud enough for echoes.
DRIVING_MPS = 2.0
SIDES_RAD = (math.pi / 2, -math.pi / 2)


@dataclass(frozen=True)
class StudyStreet:
    """One street.

    Attributes:
        samples: float32 (mic, sample), two seconds.
        vehicles_rad: Azimuths in base_link of the moving vehicles in the line of sight within 40 m.
        facades_m: Distance of the array from the façade in each of `SIDES_RAD`. None without one, and for a car that
            does not drive.

    """

    samples: Samples
    vehicles_rad: tuple[float, ...]
    facades_m: tuple[float | None, ...]

    def window(self, samples: int) -> Samples:
        """Return a window (mic, samples) around the middle."""
        first = (self.samples.shape[1] - samples) // 2
        return self.samples[:, first : first + samples]


def study_streets(seeds: Sequence[int]) -> Iterator[StudyStreet]:
    """Simulate streets with the roof octagon.

    Raises:
        SimulationError: A street cannot be simulated.

    """
    rig = load_rig(None)
    for seed in seeds:
        drive = Drive(seed, rig, SECONDS)
        ego = drive.street.ego
        seen = (one for one in drive.vehicles(MIDDLE_S) if not one.is_hidden and one.distance_m < RANGE_M)
        array_m = ego.to_world(pose_in_root(rig.extrinsics, rig.array.frame_id).translation_m[None], MIDDLE_S)[0]
        heading_rad = float(ego.heading(np.array([MIDDLE_S]))[0])
        speed_mps = float(np.linalg.norm(ego.trajectory.velocity(np.array([MIDDLE_S]))[0]))
        sides = SIDES_RAD if speed_mps >= DRIVING_MPS else ()
        facades = tuple(facade_distance_m(drive.street.facades, array_m[:2], heading_rad + side) for side in sides)
        yield StudyStreet(
            drive.audio(0, SECONDS * SAMPLE_RATE_HZ),
            tuple(one.azimuth_rad for one in seen if one.speed_mps > MOVING_MPS),
            facades or (None,) * len(SIDES_RAD),
        )


def octagon_geometry(spec: SpatialFeatureSpec) -> ArrayGeometry:
    """Return the geometry of the roof octagon."""
    return ArrayGeometry.from_rig(RigFiles.from_folder(resource_path(RIG)), spec)


def facade_distance_m(facades: Sequence[Facade], point_m: FloatArray, azimuth_rad: float) -> float | None:
    """Return the distance from a point (x, y) to the first façade in a direction of the world, None without one."""
    ahead = np.array([math.cos(azimuth_rad), math.sin(azimuth_rad)])
    found = [
        distance
        for facade in facades
        if (distance := _intersection_m(np.array(facade.start_m), np.array(facade.end_m), point_m, ahead)) is not None
    ]
    return min(found, default=None)


def _intersection_m(start_m: FloatArray, end_m: FloatArray, point_m: FloatArray, ahead: FloatArray) -> float | None:
    """Return the distance along a ray to a line segment, None if they do not meet."""
    along = end_m - start_m
    across = along[0] * ahead[1] - along[1] * ahead[0]
    if abs(across) < 1e-9:
        return None
    offset = point_m - start_m
    place = (offset[0] * ahead[1] - offset[1] * ahead[0]) / across
    distance = (offset[0] * along[1] - offset[1] * along[0]) / across
    return float(distance) if 0 <= place <= 1 and distance > 0 else None
