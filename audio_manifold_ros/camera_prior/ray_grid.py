# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Coordinates of rays in a table that holds for any camera.

The column of a ray is its azimuth. Below the horizon its row is the logarithm of the range at which it meets the
ground, so that a place on the ground has the same row for cameras of any height. Above the horizon its row is its
elevation. The level is the logarithm of the height of the camera.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from audio_manifold_ros.common.array_types import FloatArray

if TYPE_CHECKING:
    from collections.abc import Iterable

    from audio_manifold_ros.camera_prior.camera_view import CameraView

GROUND_RANGE_M = (0.4, 160.0)
GROUND_ROWS, SKY_ROWS = 64, 60
SKY_STEP_RAD = math.radians(0.75)
ROWS = GROUND_ROWS + SKY_ROWS
COLUMNS, COLUMN_STEP_RAD = 90, math.radians(2.0)
# From a delivery robot to a van.
LEVELS_M = (0.4, 0.8, 1.5, 2.3)
LEVELS = len(LEVELS_M)
MIN_HORIZONTAL = 1e-6


class RayCoordinates(NamedTuple):
    """Coordinates of the rays of an image in a table, each (row, column) of the image.

    Attributes:
        row: Row of the table. Integers are the centres of its rows.
        column: Column of the table.
        reference_m: Horizontal range at which the ray meets the ground, at most the end of `GROUND_RANGE_M`.
        horizontal: Length of the horizontal part of a ray whose component along the optical axis is 1.

    """

    row: FloatArray
    column: FloatArray
    reference_m: FloatArray
    horizontal: FloatArray


@dataclass(frozen=True)
class RayGrid:
    """`ROWS` rows and `COLUMNS` columns of a table of rays, half a circle.

    Attributes:
        centre_rad: Azimuth of the middle of the columns.

    """

    centre_rad: float

    @classmethod
    def of_views(cls, views: Iterable[CameraView]) -> RayGrid:
        """Return the grid around the mean direction of some cameras."""
        axes = np.exp(1j * np.array([view.azimuth_rad for view in views]))
        return cls(round(float(np.angle(axes.mean())), 4))

    def coordinates(self, view: CameraView, rows: int, columns: int) -> RayCoordinates:
        """Return the coordinates of the rays of an image (rows, columns). Rays outside the table go to its edge."""
        rays = view.rays(rows, columns)
        horizontal = np.maximum(np.hypot(rays[..., 0], rays[..., 1]), MIN_HORIZONTAL)
        slope = rays[..., 2] / horizontal
        nearest, farthest = GROUND_RANGE_M
        ground_m = view.height_m / np.maximum(-slope, view.height_m / farthest)
        step = math.log(farthest / nearest) / GROUND_ROWS
        ground_row = np.log(np.maximum(ground_m, nearest) / nearest) / step
        sky_row = GROUND_ROWS + np.arctan(np.maximum(slope, 0.0)) / SKY_STEP_RAD
        row = np.where(slope < 0, ground_row, sky_row) - 0.5
        azimuth = np.arctan2(rays[..., 1], rays[..., 0]) - self.centre_rad
        column = COLUMNS / 2 - np.arctan2(np.sin(azimuth), np.cos(azimuth)) / COLUMN_STEP_RAD - 0.5
        reference_m = np.where(slope < 0, ground_m, farthest)
        return RayCoordinates(row.clip(0, ROWS - 1), column.clip(0, COLUMNS - 1), reference_m, horizontal)


def level_of(height_m: float) -> float:
    """Return the level of a camera height. Integers are the heights of `LEVELS_M`."""
    return float(np.interp(math.log(height_m), np.log(LEVELS_M), np.arange(LEVELS)))
