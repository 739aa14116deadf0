# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where array and camera sit on the vehicle."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from audio_manifold_ros.calibration.errors import CalibrationError
from audio_manifold_ros.calibration.rig import SCHEMA_VERSION
from audio_manifold_ros.calibration.yaml_file import parse_yaml, read_text

EXTRINSICS_FILE = 'extrinsics.yaml'


@dataclass(frozen=True)
class Transform:
    """A rigid transform from a parent to a child frame (REP-103: metres, radians, fixed-axis roll-pitch-yaw)."""

    parent: str
    child: str
    translation_m: tuple[float, float, float]
    rotation_rpy_rad: tuple[float, float, float]


@dataclass(frozen=True)
class Extrinsics:
    """All transforms of the rig, and the offset between the clocks of audio and camera.

    Attributes:
        transforms: From base_link outwards.
        audio_time_offset_s: Added to an audio stamp to reach the camera's clock.

    """

    transforms: tuple[Transform, ...]
    audio_time_offset_s: float

    def transform(self, child: str) -> Transform:
        """Return the transform that ends in a frame.

        Raises:
            CalibrationError: There is none.

        """
        for transform in self.transforms:
            if transform.child == child:
                return transform
        msg = f'No transform to {child!r}: the extrinsics have {[t.child for t in self.transforms]}.'
        raise CalibrationError(msg)

    @classmethod
    def from_yaml(cls, path: Path | str) -> Extrinsics:
        """Read an `extrinsics.yaml`.

        Raises:
            CalibrationError: The file is missing or holds a wrong value.

        """
        data = parse_yaml(read_text(path, EXTRINSICS_FILE), str(path), EXTRINSICS_FILE)
        try:
            version = data['schema_version']
            transforms = tuple(_transform(entry) for entry in data['transforms'])
            offset_s = float(data['audio_time_offset_s'])
        except (KeyError, TypeError, ValueError) as error:
            msg = (
                f'{path}: {error!r}: expected schema_version, audio_time_offset_s and transforms '
                'of parent, child, translation_m and rotation_rpy_rad.'
            )
            raise CalibrationError(msg) from None
        if version != SCHEMA_VERSION:
            msg = f'{path}: schema_version is {version!r}, this software reads {SCHEMA_VERSION}.'
            raise CalibrationError(msg)
        return cls(transforms, offset_s)


def _transform(entry: dict[str, Any]) -> Transform:
    x, y, z = (float(v) for v in entry['translation_m'])
    roll, pitch, yaw = (float(v) for v in entry['rotation_rpy_rad'])
    return Transform(str(entry['parent']), str(entry['child']), (x, y, z), (roll, pitch, yaw))
