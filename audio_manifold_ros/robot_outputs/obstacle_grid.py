# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Occupancy grid around the robot, from scans, with log-odds that decay."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from audio_manifold_ros.common.units import NS_PER_S

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from audio_manifold_ros.rig.transform_chain import Pose
    from audio_manifold_ros.robot_outputs.obstacle_scan import ObstacleScan

UNKNOWN = -1
HIT_LOG_ODDS = 0.85
FREE_LOG_ODDS = -0.4
MAX_LOG_ODDS = 3.5
# Smaller evidence is unknown: less than half of one free observation.
KNOWN_LOG_ODDS = 0.2
# Relative error of a correct pixel (see ModalityConfidence). The last part before an obstacle is not cleared.
RANGE_ERROR = 0.25


@dataclass(frozen=True)
class GridSettings:
    """Size and memory of the grid.

    Attributes:
        size_m: Side of the square, with the robot in its centre.
        resolution_m: Side of a cell.
        decay_s: Time constant of the decay of the evidence.

    """

    size_m: float
    resolution_m: float
    decay_s: float


class ObstacleGrid:
    """Square grid that moves with the robot. Its evidence is not corrected for the motion of the robot.

    Args:
        settings: Size and memory.
        optical_in_root: Pose of the optical frame of the camera in the root frame, in whose origin the robot is.

    """

    def __init__(self, settings: GridSettings, optical_in_root: Pose) -> None:
        """Start without evidence."""
        self._settings = settings
        self.cells = max(round(settings.size_m / settings.resolution_m), 1)
        self._log_odds = np.zeros((self.cells, self.cells), dtype=np.float32)
        self._stamp_ns: int | None = None
        centres_m = (np.arange(self.cells) + 0.5) * settings.resolution_m + self.origin_m
        x, y = (
            centres_m[None, :] - optical_in_root.translation_m[0],
            centres_m[:, None] - optical_in_root.translation_m[1],
        )
        view = optical_in_root.rotation[:2, 2]
        heading = math.atan2(view[1], view[0])
        self._range_m = np.hypot(x, y).astype(np.float32)
        self._angle = ((np.arctan2(y, x) - heading + math.pi) % (2 * math.pi) - math.pi).astype(np.float32)

    @property
    def origin_m(self) -> float:
        """Coordinate x and y of the corner of the first cell in the root frame."""
        return -0.5 * self.cells * self._settings.resolution_m

    def update(self, scan: ObstacleScan, stamp_ns: int) -> NDArray[np.int8]:
        """Add a scan and return the grid.

        Args:
            scan: The newest scan.
            stamp_ns: Its time. The evidence is dropped if the time went back.

        Returns:
            int8 (y, x): probability of an obstacle in percent, -1 where it is unknown.

        """
        elapsed_s = math.inf if self._stamp_ns is None else (stamp_ns - self._stamp_ns) / NS_PER_S
        self._stamp_ns = stamp_ns
        self._log_odds *= math.exp(-elapsed_s / self._settings.decay_s) if elapsed_s >= 0 else 0.0
        beam = np.rint((self._angle - scan.angle_min_rad) / scan.angle_increment_rad).astype(np.int64)
        is_seen = (beam >= 0) & (beam < len(scan.ranges_m))
        reading_m = np.where(is_seen, scan.ranges_m[np.clip(beam, 0, len(scan.ranges_m) - 1)], np.nan)
        hit = np.abs(self._range_m - reading_m) <= self._settings.resolution_m
        free = self._range_m < np.where(np.isinf(reading_m), scan.max_range_m, reading_m * (1 - RANGE_ERROR))
        self._log_odds += np.where(hit, HIT_LOG_ODDS, np.where(free, FREE_LOG_ODDS, 0.0)).astype(np.float32)
        np.clip(self._log_odds, -MAX_LOG_ODDS, MAX_LOG_ODDS, out=self._log_odds)
        percent = np.rint(100 / (1 + np.exp(-self._log_odds)))
        return np.where(np.abs(self._log_odds) < KNOWN_LOG_ODDS, UNKNOWN, percent).astype(np.int8)
