# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Source, scale and range of the depth of a rig (`depth.yaml`), which decide if depth is given in metres."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.errors import RigError
from audio_manifold_ros.common.schema import to_plain
from audio_manifold_ros.common.schema_rules import between
from audio_manifold_ros.common.yaml_file import format_yaml
from audio_manifold_ros.rig.rig_file import SCHEMA_VERSION, RigFile

DEPTH_FILE = 'depth.yaml'
MAX_DEPTH_M = 1000
DepthSource = Literal['lidar', 'stereo', 'simulation', 'network', 'none']
# Sources that measure metres by themselves.
METRIC_SOURCES = ('lidar', 'stereo', 'simulation')
DepthM = Annotated[float, between(0, MAX_DEPTH_M)]


@dataclass(frozen=True)
class DepthCalibration(RigFile):
    """The depth of a rig: the content of `depth.yaml`.

    Attributes:
        source: Sensor or method that gives the depth.
        depth_scale: Metres per unit of the depth images; None if the scale is unknown.
        min_m: Smallest valid depth; None if the scale is unknown.
        max_m: Largest valid depth; None if the scale is unknown.

    """

    FILE_NAME: ClassVar[str] = DEPTH_FILE
    FILE_VERSION: ClassVar[tuple[str, int]] = SCHEMA_VERSION

    source: DepthSource
    depth_scale: Annotated[float, between(1e-6, 1e6)] | None
    min_m: DepthM | None
    max_m: DepthM | None

    def __post_init__(self) -> None:
        """Refuse values that contradict each other.

        Raises:
            RigError: Scale, range and source do not fit together.

        """
        is_known = self.depth_scale is not None
        if is_known and self.source == 'none':
            msg = f"depth_scale is {self.depth_scale!r} with the source 'none': give null, or name the source."
            raise RigError(msg)
        if not is_known and self.source in METRIC_SOURCES:
            msg = f'depth_scale is None with the source {self.source!r}, which measures metres: give metres per unit.'
            raise RigError(msg)
        for key, value in (('min_m', self.min_m), ('max_m', self.max_m)):
            if (value is None) == is_known:
                msg = f'{key} is {value!r} with depth_scale {self.depth_scale!r}: give both, or null for both.'
                raise RigError(msg)
        if self.min_m is not None and self.max_m is not None and self.min_m >= self.max_m:
            msg = f'max_m is {self.max_m!r}, not beyond min_m {self.min_m!r}: give a range.'
            raise RigError(msg)

    @property
    def is_metric(self) -> bool:
        """True if the scale is known, so that depth is in metres."""
        return self.depth_scale is not None

    def metres(self, depth: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
        """Return a depth image in metres, of the same type, NaN outside the range; unchanged without a scale."""
        if self.depth_scale is None or self.min_m is None or self.max_m is None:
            return depth
        metres = depth.astype(np.float32) * np.float32(self.depth_scale)
        metres[~((metres >= self.min_m) & (metres <= self.max_m))] = np.nan
        return metres.astype(depth.dtype)

    def to_text(self) -> str:
        """Return the text of its `depth.yaml`."""
        return format_yaml(to_plain(self))
