# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Transforms between the frames of a rig, and the offset between its audio and camera clocks (`extrinsics.yaml`)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar

from audio_manifold_ros.common.errors import RigError
from audio_manifold_ros.common.schema import to_plain
from audio_manifold_ros.common.schema_rules import Decimals, between, not_empty, numbers, text
from audio_manifold_ros.common.yaml_file import format_yaml
from audio_manifold_ros.rig.rig_file import SCHEMA_VERSION, FrameName, PositionM, RigFile

EXTRINSICS_FILE = 'extrinsics.yaml'
MAX_OFFSET_S = 10
# A little more than a full turn; larger values are degrees.
MAX_ANGLE_RAD = 7
ANGLES = numbers(3, limit=MAX_ANGLE_RAD, noun=f'a list of three angles up to {MAX_ANGLE_RAD} rad')


@dataclass(frozen=True)
class Transform:
    """A rigid transform from a parent to a child frame (REP-103: metres, radians, fixed-axis roll-pitch-yaw)."""

    parent: FrameName
    child: FrameName
    translation_m: PositionM
    rotation_rpy_rad: Annotated[tuple[float, float, float], ANGLES, Decimals(8)]


@dataclass(frozen=True)
class Extrinsics(RigFile):
    """The transforms of a rig and its clock offset: the content of `extrinsics.yaml`.

    Attributes:
        transforms: Transforms from base_link outwards. Each frame is the child of at most one other frame.
        audio_time_offset_s: Offset that is added to an audio stamp to reach the camera's clock.
        offset_method: Method by which the offset was measured, for example `clap`; empty if it was not measured.
        offset_residual_s: Remaining error of the offset, one standard deviation; None if it is unknown.

    """

    FILE_NAME: ClassVar[str] = EXTRINSICS_FILE
    FILE_VERSION: ClassVar[tuple[str, int]] = SCHEMA_VERSION

    transforms: Annotated[tuple[Transform, ...], not_empty('transform')]
    audio_time_offset_s: Annotated[float, between(-MAX_OFFSET_S, MAX_OFFSET_S)]
    offset_method: Annotated[str, text('a name')] = ''
    offset_residual_s: Annotated[float, between(0, MAX_OFFSET_S)] | None = None

    def __post_init__(self) -> None:
        """Refuse transforms that do not form a tree.

        Raises:
            RigError: A frame has two parents, or is its own ancestor.

        """
        repeated = [child for child, count in Counter(t.child for t in self.transforms).items() if count > 1]
        parents = {transform.child: transform.parent for transform in self.transforms}
        cyclic = [transform.child for transform in self.transforms if _is_cyclic(transform, parents)]
        for children, problem in ((repeated, 'have more than one parent'), (cyclic, 'are their own ancestors')):
            if children:
                msg = f'transforms: the frames {children} {problem}: give a tree.'
                raise RigError(msg)

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

    def to_text(self) -> str:
        """Return the text of its `extrinsics.yaml`. Optional values at their default are left out."""
        return format_yaml(to_plain(self, omit_defaults=True))


def _is_cyclic(transform: Transform, parents: Mapping[str, str]) -> bool:
    frame: str | None = transform.parent
    for _ in parents:
        if frame == transform.child:
            return True
        frame = parents.get(frame) if frame is not None else None
    return False
