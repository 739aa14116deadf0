# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Depth representation of the networks: log or inverse depth between two planes, scaled to 0..1."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from audio_manifold_ros.common.errors import NetworkError

if TYPE_CHECKING:
    from numpy.typing import NDArray

Kind = Literal['log', 'inverse']


@dataclass(frozen=True)
class DepthRepresentation:
    """Mapping of depth in metres to 0..1.

    With log depth, equal steps are equal ratios, so near and far have the same weight: 0 is near, 1 is far. With
    inverse depth, which the paper's published code learns, equal steps are equal steps of disparity: 1 is near, 0 is
    far, and large depths are nearly equal.

    Attributes:
        near_m: Nearest depth.
        far_m: Farthest depth.
        kind: `log`: ln(z / near) / ln(far / near), or `inverse`: (1 / z - 1 / far) / (1 / near - 1 / far).

    Raises:
        NetworkError: The planes are not in order, or the kind is unknown.

    """

    near_m: float = 1.0
    far_m: float = 80.0
    kind: Kind = 'log'

    def __post_init__(self) -> None:
        """Validate the planes and the kind."""
        if not 0 < self.near_m < self.far_m:
            msg = f'near_m {self.near_m!r} and far_m {self.far_m!r}: give 0 < near_m < far_m.'
            raise NetworkError(msg)
        if self.kind not in get_args(Kind):
            msg = f'kind is {self.kind!r}: give one of {get_args(Kind)}.'
            raise NetworkError(msg)

    def depth_to_unit(self, depth_m: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
        """Convert metres to 0..1, clipped to the planes.

        An invalid pixel takes the value of the nearest valid pixel below it.

        Args:
            depth_m: (…, row, column) metres, NaN invalid. An invalid pixel without a valid one below it becomes far.

        Returns:
            float32 (…, row, column), all finite.

        """
        filled = fill_from_below(np.asarray(depth_m, dtype=np.float32), self.far_m)
        clipped = np.clip(filled, self.near_m, self.far_m)
        unit: NDArray[np.float32]
        if self.kind == 'inverse':
            unit = (np.float32(1) / clipped - np.float32(1 / self.far_m)) / np.float32(1 / self.near_m - 1 / self.far_m)
        else:
            unit = np.log(clipped / np.float32(self.near_m)) / np.float32(self._log_range)
        return unit

    @property
    def _log_range(self) -> float:
        return math.log(self.far_m / self.near_m)

    def unit_to_depth(self, unit: Any) -> Any:
        """Convert 0..1 to metres, for arrays and tensors. Values outside 0..1 are clipped."""
        clipped = unit.clip(0.0, 1.0)
        if self.kind == 'inverse':
            return 1 / (1 / self.far_m + clipped * (1 / self.near_m - 1 / self.far_m))
        return self.near_m * (self.far_m / self.near_m) ** clipped


def fill_from_below(image: NDArray[np.float32], default: float) -> NDArray[np.float32]:
    """Replace each NaN of (…, row, column) by the nearest number below it in its column, or by `default`."""
    rows = image.shape[-2]
    row = np.arange(rows, dtype=np.int64)[:, None]
    source = np.where(np.isnan(image), rows, row)
    source = np.minimum.accumulate(source[..., ::-1, :], axis=-2)[..., ::-1, :]
    filled = np.take_along_axis(image, np.minimum(source, rows - 1), axis=-2)
    return np.where(source == rows, np.float32(default), filled)
