# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where array and camera sit on the vehicle."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from audio_manifold_ros.common.errors import RigError
from audio_manifold_ros.rig.yaml_file import parse_yaml, read_text, write_yaml
from audio_manifold_ros.rig.yaml_schema import (
    FRAME,
    SCHEMA_VERSION,
    TEXT,
    VECTOR,
    VERSION,
    Check,
    check_mapping,
    is_numbers,
    number,
)

EXTRINSICS_FILE = 'extrinsics.yaml'
MAX_OFFSET_S = 10


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
        transforms: From base_link outwards; each frame is the child of one other at most.
        audio_time_offset_s: Added to an audio stamp to reach the camera's clock.
        offset_method: How the offset was measured, for example `clap`; empty where nobody has.
        offset_residual_s: What is left of the offset's error, one standard deviation; None where nobody knows.

    """

    transforms: tuple[Transform, ...]
    audio_time_offset_s: float
    offset_method: str = ''
    offset_residual_s: float | None = None

    def transform(self, child: str) -> Transform:
        """Return the transform that ends in a frame.

        Raises:
            RigError: There is none.

        """
        for transform in self.transforms:
            if transform.child == child:
                return transform
        msg = f'No transform to {child!r}: the extrinsics have {[t.child for t in self.transforms]}.'
        raise RigError(msg)

    @classmethod
    def from_yaml(cls, path: Path | str) -> Extrinsics:
        """Read an `extrinsics.yaml`.

        Raises:
            RigError: The file is missing or holds a wrong value.

        """
        return cls.from_text(read_text(path, EXTRINSICS_FILE), str(path))

    @classmethod
    def from_text(cls, text: str, path: str) -> Extrinsics:
        """Read the text of an `extrinsics.yaml`; `path` says in messages where it comes from.

        Raises:
            RigError: The text is no such file, or holds a wrong value.

        """
        data = parse_yaml(text, path, EXTRINSICS_FILE)
        check_mapping(path, '', data, CHECKS, OPTIONS)
        transforms = tuple(_transform(path, i, entry) for i, entry in enumerate(data['transforms']))
        repeated = [child for child, count in Counter(t.child for t in transforms).items() if count > 1]
        cyclic = [t.child for t in transforms if _is_cyclic(t, {t.child: t.parent for t in transforms})]
        for children, problem in ((repeated, 'have more than one parent'), (cyclic, 'are their own ancestors')):
            if children:
                msg = f'{path}: transforms: the frames {children} {problem}: give a tree.'
                raise RigError(msg)
        residual = data.get('offset_residual_s')
        return cls(
            transforms,
            float(data['audio_time_offset_s']),
            data.get('offset_method', ''),
            None if residual is None else float(residual),
        )

    def to_text(self) -> str:
        """Return the text of its `extrinsics.yaml`."""
        entries = [
            {
                'parent': transform.parent,
                'child': transform.child,
                'translation_m': [round(v, 6) for v in transform.translation_m],
                'rotation_rpy_rad': [round(v, 8) for v in transform.rotation_rpy_rad],
            }
            for transform in self.transforms
        ]
        values: dict[str, Any] = {
            'schema_version': SCHEMA_VERSION,
            'transforms': entries,
            'audio_time_offset_s': self.audio_time_offset_s,
        }
        if self.offset_method:
            values['offset_method'] = self.offset_method
        if self.offset_residual_s is not None:
            values['offset_residual_s'] = self.offset_residual_s
        return write_yaml(values)


def _transform(path: str, index: int, entry: Any) -> Transform:
    check_mapping(path, f'transforms[{index}]', entry, TRANSFORM_CHECKS)
    x, y, z = (float(v) for v in entry['translation_m'])
    roll, pitch, yaw = (float(v) for v in entry['rotation_rpy_rad'])
    return Transform(entry['parent'], entry['child'], (x, y, z), (roll, pitch, yaw))


def _is_cyclic(transform: Transform, parents: dict[str, str]) -> bool:
    frame: str | None = transform.parent
    for _ in parents:
        if frame == transform.child:
            return True
        frame = parents.get(frame) if frame is not None else None
    return False


CHECKS: dict[str, Check] = {
    'schema_version': VERSION,
    'transforms': (lambda v: isinstance(v, list) and bool(v), 'a list of at least one transform'),
    'audio_time_offset_s': number(-MAX_OFFSET_S, MAX_OFFSET_S),
}
OPTIONS: dict[str, Check] = {
    'offset_method': TEXT,
    'offset_residual_s': number(0, MAX_OFFSET_S),
}
TRANSFORM_CHECKS: dict[str, Check] = {
    'parent': FRAME,
    'child': FRAME,
    'translation_m': VECTOR,
    'rotation_rpy_rad': (lambda v: is_numbers(v, 3) and all(abs(x) <= 7 for x in v), 'a list of three angles'),
}
