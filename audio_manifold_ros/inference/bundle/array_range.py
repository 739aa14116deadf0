# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The kinds of microphone arrays and cameras that the networks of a bundle with spatial features were trained for."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from audio_manifold_ros.common.errors import InferenceError
from audio_manifold_ros.rig.rig import Microphone, MicrophoneArray

if TYPE_CHECKING:
    from audio_manifold_ros.camera_prior.camera_view import CameraView
    from audio_manifold_ros.common.array_types import FloatArray
    from audio_manifold_ros.rig.camera import CameraModel

MAX_APERTURE_M = 20.0
MAX_FIELD_OF_VIEW_DEG = 180.0
MAX_HEIGHT_M = 100.0
# Positions are known to about a centimetre.
APERTURE_TOLERANCE_M = 0.01
ANGLE_TOLERANCE_DEG = 0.5
HEIGHT_TOLERANCE_M = 0.05
# Largest difference in height of microphones on one plane, as on a curved roof.
PLANE_TOLERANCE_M = 0.05
EXAMPLE_MICROPHONES = 8


@dataclass(frozen=True)
class ArrayRange:
    """Arrays and cameras that the networks were trained for. Any of them may be used.

    Attributes:
        microphones: Smallest and largest number of working microphones.
        aperture_m: Smallest and largest distance of the two microphones that are farthest apart.
        planar: All microphones of an array had the same height. Otherwise any height.
        field_of_view_deg: Smallest and largest horizontal field of view of the camera.
        vertical_field_of_view_deg: Smallest and largest vertical field of view of the camera.
        camera_height_m: Smallest and largest height of the camera above the ground.

    Raises:
        InferenceError: A range is empty or outside its limits.

    """

    KIND: ClassVar[str] = 'range'

    microphones: tuple[int, int]
    aperture_m: tuple[float, float]
    planar: bool
    field_of_view_deg: tuple[float, float]
    vertical_field_of_view_deg: tuple[float, float]
    camera_height_m: tuple[float, float]

    def __post_init__(self) -> None:
        """Validate the ranges."""
        limits = (
            ('microphones', self.microphones, 2, 64),
            ('aperture_m', self.aperture_m, 0.0, MAX_APERTURE_M),
            ('field_of_view_deg', self.field_of_view_deg, 0.0, MAX_FIELD_OF_VIEW_DEG),
            ('vertical_field_of_view_deg', self.vertical_field_of_view_deg, 0.0, MAX_FIELD_OF_VIEW_DEG),
            ('camera_height_m', self.camera_height_m, 0.0, MAX_HEIGHT_M),
        )
        for name, (low, high), lowest, highest in limits:
            if not lowest <= low <= high <= highest or high <= 0:
                msg = f'array.{name} is {[low, high]!r}: give two ascending numbers from {lowest:g} to {highest:g}.'
                raise InferenceError(msg)

    @property
    def min_microphones(self) -> int:
        """Smallest number of working microphones."""
        return self.microphones[0]

    @property
    def max_microphones(self) -> int:
        """Largest number of microphones."""
        return self.microphones[1]

    def example(self) -> MicrophoneArray:
        """Return a ring of microphones in the middle of the ranges."""
        count = min(max(EXAMPLE_MICROPHONES, self.min_microphones), self.max_microphones)
        radius_m = sum(self.aperture_m) / 4
        angles = [2 * math.pi * place / count for place in range(count)]
        directions = [(math.cos(angle), math.sin(angle), 0.0) for angle in angles]
        microphones = tuple(
            Microphone(f'mic_{channel}', channel, (radius_m * x, radius_m * y, 0.0), (x, y, 0.0))
            for channel, (x, y, _) in enumerate(directions)
        )
        return MicrophoneArray('ring', 'mic_array', microphones)

    def describe(self) -> str:
        """Return the arrays in a few words."""
        place = 'on one plane' if self.planar else 'in any arrangement'
        return f'any array of {_range(self.microphones)} microphones {place}'

    def details(self) -> tuple[str, ...]:
        """Return one line per range."""
        return (
            f'farthest microphones {_range(self.aperture_m)} m apart',
            f'camera {_range(self.camera_height_m)} m above the ground',
            f'field of view of {_range(self.field_of_view_deg)}° by {_range(self.vertical_field_of_view_deg)}°',
        )

    def violations(self, array: MicrophoneArray, view: CameraView | None, bundle: str) -> tuple[str, ...]:
        """Return what of a rig is outside the ranges, one sentence each.

        Args:
            array: Array of the rig. Disabled microphones do not count.
            view: Camera of the rig. None leaves out its check.
            bundle: Name of the bundle.

        Raises:
            InferenceError: Fewer microphones are enabled than the networks were trained for.

        """
        enabled = np.array([microphone.enabled for microphone in array.microphones])
        positions_m = array.positions_m[enabled]
        count = len(positions_m)
        if count < self.min_microphones:
            msg = (
                f'The array {array.array_id!r} has {count} enabled microphones, the bundle {bundle!r} needs at least '
                f'{self.min_microphones}: add or enable microphones, or choose a bundle for this rig.'
            )
            raise InferenceError(msg)
        found = self._violations(count, positions_m, view)
        return tuple(
            f'{problem}, and the bundle {bundle!r} was trained for {trained}. Expect worse images.'
            for problem, trained in found
        )

    def _violations(self, count: int, positions_m: FloatArray, view: CameraView | None) -> Iterator[tuple[str, str]]:
        aperture_m = float(np.linalg.norm(positions_m[:, None] - positions_m[None], axis=-1).max())
        height_m = float(np.ptp(positions_m[:, 2]))
        if count > self.max_microphones:
            yield f'The array has {count} microphones', f'{_range(self.microphones)}'
        if not _is_within(aperture_m, self.aperture_m, APERTURE_TOLERANCE_M):
            yield f'The microphones are up to {aperture_m:.2f} m apart', f'{_range(self.aperture_m)} m'
        if self.planar and height_m > PLANE_TOLERANCE_M:
            yield f'The microphones differ by {height_m:.2f} m in height', 'microphones on one plane'
        if view is not None:
            yield from self._camera_violations(view)

    def _camera_violations(self, view: CameraView) -> Iterator[tuple[str, str]]:
        angles = (
            ('horizontal', field_of_view_deg(view.camera), self.field_of_view_deg),
            ('vertical', vertical_field_of_view_deg(view.camera), self.vertical_field_of_view_deg),
        )
        for name, angle_deg, trained in angles:
            if not _is_within(angle_deg, trained, ANGLE_TOLERANCE_DEG):
                yield f'The camera has a {name} field of view of {angle_deg:.0f}°', f'{_range(trained)}°'
        if not _is_within(view.height_m, self.camera_height_m, HEIGHT_TOLERANCE_M):
            yield f'The camera is {view.height_m:.2f} m above the ground', f'{_range(self.camera_height_m)} m'


def field_of_view_deg(camera: CameraModel) -> float:
    """Return the horizontal field of view of a camera in degrees."""
    return _angle_deg(camera.width, camera.cx, camera.fx)


def vertical_field_of_view_deg(camera: CameraModel) -> float:
    """Return the vertical field of view of a camera in degrees."""
    return _angle_deg(camera.height, camera.cy, camera.fy)


def _angle_deg(size: int, centre: float, focal_length: float) -> float:
    first, last = -0.5 - centre, size - 0.5 - centre
    return math.degrees(math.atan2(last, focal_length) - math.atan2(first, focal_length))


def _is_within(value: float, limits: tuple[float, float], tolerance: float) -> bool:
    return limits[0] - tolerance <= value <= limits[1] + tolerance


def _range(limits: tuple[float, float]) -> str:
    low, high = limits
    return f'{low:g}' if low == high else f'{low:g} to {high:g}'
