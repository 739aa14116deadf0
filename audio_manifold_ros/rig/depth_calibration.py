# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the depth of a rig is worth: where it comes from, its scale and range; decides whether metres may be claimed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.errors import RigError
from audio_manifold_ros.rig.yaml_file import parse_yaml, read_text, write_yaml
from audio_manifold_ros.rig.yaml_schema import SCHEMA_VERSION, VERSION, Check, check_mapping, choice, number

DEPTH_FILE = 'depth.yaml'
# Whether a source measures metres by itself.
SOURCES = {'lidar': True, 'stereo': True, 'simulation': True, 'network': False, 'none': False}
MAX_DEPTH_M = 1000


@dataclass(frozen=True)
class DepthCalibration:
    """The depth of a rig.

    Attributes:
        source: What gives it: a key of `SOURCES`.
        depth_scale: Metres of one unit of the depth images; None where nobody knows.
        min_m: Nearest depth that is right; None where the scale is unknown.
        max_m: Farthest depth that is right; None where the scale is unknown.

    """

    source: str
    depth_scale: float | None
    min_m: float | None
    max_m: float | None

    @property
    def is_metric(self) -> bool:
        """Whether metres may be claimed: the scale is known."""
        return self.depth_scale is not None

    def metres(self, depth: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
        """Return metres of an image of depth, of the same type, NaN out of the range; unchanged without a scale."""
        if self.depth_scale is None or self.min_m is None or self.max_m is None:
            return depth
        metres = depth.astype(np.float32) * np.float32(self.depth_scale)
        metres[~((metres >= self.min_m) & (metres <= self.max_m))] = np.nan
        return metres.astype(depth.dtype)

    @classmethod
    def from_yaml(cls, path: Path | str) -> DepthCalibration:
        """Read a `depth.yaml`.

        Raises:
            RigError: The file is missing or holds a wrong value.

        """
        return cls.from_text(read_text(path, DEPTH_FILE), str(path))

    @classmethod
    def from_text(cls, text: str, path: str) -> DepthCalibration:
        """Read the text of a `depth.yaml`; `path` says in messages where it comes from.

        Raises:
            RigError: The text is no such file, or holds a wrong value.

        """
        data = parse_yaml(text, path, DEPTH_FILE)
        check_mapping(path, '', data, CHECKS)
        found = cls(data['source'], *(_float(data[key]) for key in ('depth_scale', 'min_m', 'max_m')))
        found._check(path)
        return found

    def to_text(self) -> str:
        """Return the text of its `depth.yaml`."""
        return write_yaml(
            {
                'schema_version': SCHEMA_VERSION,
                'source': self.source,
                'depth_scale': self.depth_scale,
                'min_m': self.min_m,
                'max_m': self.max_m,
            }
        )

    def _check(self, path: str) -> None:
        """Refuse values that contradict each other."""
        given = self.depth_scale is not None
        if given and self.source == 'none':
            msg = f"{path}: depth_scale is {self.depth_scale!r} with the source 'none': give null, or name the source."
            raise RigError(msg)
        if not given and SOURCES[self.source]:
            msg = (
                f'{path}: depth_scale is None with the source {self.source!r}, which measures: give metres of one unit.'
            )
            raise RigError(msg)
        for key, value in (('min_m', self.min_m), ('max_m', self.max_m)):
            if (value is None) == given:
                msg = f'{path}: {key} is {value!r} with depth_scale {self.depth_scale!r}: give both, or null for both.'
                raise RigError(msg)
        if self.min_m is not None and self.max_m is not None and self.min_m >= self.max_m:
            msg = f'{path}: max_m is {self.max_m!r}, not beyond min_m {self.min_m!r}: give a range.'
            raise RigError(msg)


def _float(value: Any) -> float | None:
    return None if value is None else float(value)


def _or_null(check: Check) -> Check:
    is_valid, expected = check
    return lambda v: v is None or is_valid(v), f'{expected}, or null'


CHECKS: dict[str, Check] = {
    'schema_version': VERSION,
    'source': choice(*SOURCES),
    'depth_scale': _or_null(number(1e-6, 1e6)),
    'min_m': _or_null(number(0, MAX_DEPTH_M)),
    'max_m': _or_null(number(0, MAX_DEPTH_M)),
}
