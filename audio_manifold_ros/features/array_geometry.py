# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Geometry that the spatial features need: positions of the microphones, and azimuths of the image columns."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

import numpy as np

from audio_manifold_ros.common.errors import FeatureError
from audio_manifold_ros.rig.rig_frames import rig_frames
from audio_manifold_ros.rig.transform_chain import find_optical_transform, pose_in_root

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from audio_manifold_ros.common.array_types import FloatArray, Mask
    from audio_manifold_ros.features.spatial_spec import SpatialFeatureSpec
    from audio_manifold_ros.rig.camera import CameraModel
    from audio_manifold_ros.rig.extrinsics import Extrinsics
    from audio_manifold_ros.rig.rig import MicrophoneArray

MAX_MICROPHONES = 256
MAX_RADIUS_M = 20.0
# A ray that is closer to the vertical has no useful azimuth.
MIN_HORIZONTAL = 0.05


class Rig(Protocol):
    """The parts of a rig that give its geometry."""

    def array(self) -> MicrophoneArray:
        """Return the microphone array."""

    def camera_model(self) -> CameraModel:
        """Return the camera of the images."""

    def transforms(self) -> Extrinsics:
        """Return the transforms of the rig."""


@dataclass(frozen=True, eq=False)
class ArrayGeometry:
    """Positions of the microphones of an array, and the azimuths of the steered map.

    Axes are those of the root frame of the rig (x ahead, y left, z up). Azimuths are positive to the left.

    Attributes:
        positions_m: float64 (mic, 3) relative to the centre of the array.
        azimuths_rad: float64 (azimuth,): the columns of the image from left to right, then the rest of the circle.
        active: bool (mic,), False for a microphone that is left out of all maps.

    Raises:
        FeatureError: A shape or value is invalid, or no microphone is active.

    """

    positions_m: FloatArray
    azimuths_rad: FloatArray
    active: Mask

    def __post_init__(self) -> None:
        """Validate shapes and values."""
        positions = self.positions_m
        if positions.ndim != 2 or positions.shape[1] != 3 or not 1 <= len(positions) <= MAX_MICROPHONES:
            msg = (
                f'positions_m has shape {positions.shape!r}: give (mic, 3) with at most {MAX_MICROPHONES} microphones.'
            )
            raise FeatureError(msg)
        if not np.isfinite(positions).all() or np.abs(positions).max() > MAX_RADIUS_M:
            msg = f'positions_m is {positions.tolist()!r}: give at most {MAX_RADIUS_M} m from the centre of the array.'
            raise FeatureError(msg)
        if self.azimuths_rad.ndim != 1 or not np.isfinite(self.azimuths_rad).all():
            msg = f'azimuths_rad has shape {self.azimuths_rad.shape!r}: give (azimuth,) finite values.'
            raise FeatureError(msg)
        self.with_active(self.active)

    @classmethod
    def from_rig(cls, rig: Rig, spec: SpatialFeatureSpec) -> ArrayGeometry:
        """Return the geometry of a rig.

        Raises:
            RigError: A file of the rig is invalid.
            FeatureError: See `from_parts`.

        """
        return cls.from_parts(rig.array(), rig.camera_model(), rig.transforms(), spec)

    @classmethod
    def from_parts(
        cls, array: MicrophoneArray, camera: CameraModel, extrinsics: Extrinsics, spec: SpatialFeatureSpec
    ) -> ArrayGeometry:
        """Return the geometry of an array with a camera.

        The centre is the mean position of the enabled microphones. Disabled ones are not active.

        Raises:
            RigError: The frames are not a tree, or there is not exactly one optical frame.
            FeatureError: All microphones are disabled, or the columns of the image do not go from left to right.

        """
        rig_frames(array, extrinsics)
        active = np.array([microphone.enabled for microphone in array.microphones])
        pose = pose_in_root(extrinsics, array.frame_id)
        positions_m = array.positions_m @ pose.rotation.T + pose.translation_m - array_centre_m(array, extrinsics)
        optical = pose_in_root(extrinsics, find_optical_transform(extrinsics).child)
        return cls(positions_m, steered_azimuths(camera, optical.rotation, spec), active)

    @property
    def microphones(self) -> int:
        """Number of microphones, inactive ones included."""
        return len(self.positions_m)

    @property
    def key(self) -> bytes:
        """Bytes that are equal for equal geometries."""
        return b''.join((self.positions_m.tobytes(), self.azimuths_rad.tobytes(), self.active.tobytes()))

    def with_active(self, active: Mask | None) -> Mask:
        """Return the microphones that are active here and in a mask bool (mic,). None is a mask without effect.

        Raises:
            FeatureError: The mask has another shape or type, or no microphone is left.

        """
        if active is None:
            return self.active
        if active.dtype != bool or active.shape != (self.microphones,):
            msg = f'active is {active.dtype} of shape {active.shape!r}: give bool ({self.microphones},).'
            raise FeatureError(msg)
        both = np.logical_and(self.active, active)
        if not both.any():
            msg = f'active is {active.tolist()!r}: no microphone is left. Give at least one.'
            raise FeatureError(msg)
        return both


def array_centre_m(array: MicrophoneArray, extrinsics: Extrinsics) -> FloatArray:
    """Return the mean position (3,) of the enabled microphones in the root frame of a rig, the origin of azimuths.

    Without an enabled microphone, it is the origin of the frame of the array.
    """
    pose = pose_in_root(extrinsics, array.frame_id)
    active = np.array([microphone.enabled for microphone in array.microphones])
    mean_m = array.positions_m[active].mean(axis=0) if active.any() else np.zeros(3)
    centre_m: FloatArray = pose.rotation @ mean_m + pose.translation_m
    return centre_m


def steered_azimuths(camera: CameraModel, rotation: FloatArray, spec: SpatialFeatureSpec) -> FloatArray:
    """Return the azimuths (azimuth,) of the steered map in radians.

    The azimuth of a column is that of its ray in the row of the optical axis.

    Args:
        camera: The camera of the images.
        rotation: Rotation (3, 3) of the optical frame (x right, y down, z ahead) to the axes of the azimuths.
        spec: Definition of the features.

    Raises:
        FeatureError: The columns do not go from left to right, for example because the camera looks straight down.

    """
    columns = (np.arange(spec.image_columns) + 0.5) * camera.width / spec.image_columns - 0.5
    rays = np.stack([(columns - camera.cx) / camera.fx, np.zeros_like(columns), np.ones_like(columns)], axis=1)
    directions = rays @ rotation.T
    image = np.unwrap(np.arctan2(directions[:, 1], directions[:, 0]))
    horizontal = np.hypot(directions[:, 0], directions[:, 1]) / np.linalg.norm(directions, axis=1)
    if (np.diff(image) >= 0).any() or horizontal.min() < MIN_HORIZONTAL:
        msg = (
            f'The azimuths of the image columns are {np.degrees(image).round(1).tolist()}°, which do not go from left '
            'to right: give a camera that is upright and does not look straight up or down.'
        )
        raise FeatureError(msg)
    step = (2 * np.pi - (image[0] - image[-1])) / (spec.other_azimuths + 1)
    rest = image[-1] - step * np.arange(1, spec.other_azimuths + 1)
    azimuths = np.concatenate([image, rest])
    wrapped: FloatArray = np.arctan2(np.sin(azimuths), np.cos(azimuths))
    return wrapped


@lru_cache(maxsize=8)
def mirror_order(spec: SpatialFeatureSpec) -> NDArray[np.int64]:
    """Return int64 (size,): for each value of the features of a mirrored array its place in those of the array.

    It is exact for a camera that is symmetric about its vertical axis and looks along the x axis of the array. The
    order is its own inverse.
    """
    order = np.arange(spec.size)
    (steered, steered_shape), (echo, echo_shape) = spec.blocks['steered'], spec.blocks['echo']
    # Image columns and the rest of the circle are both symmetric about the x axis, in reverse order.
    columns = np.arange(spec.azimuths)
    image, rest = columns[: spec.image_columns][::-1], columns[spec.image_columns :][::-1]
    order[steered] = order[steered].reshape(steered_shape)[:, np.concatenate([image, rest])].ravel()
    # Row i of the echo map is at -pi + 2 pi i / count, so its mirror is row -i of the circle.
    rows = -np.arange(spec.echo_azimuths) % spec.echo_azimuths
    order[echo] = order[echo].reshape(echo_shape)[rows].ravel()
    order.flags.writeable = False
    return order
