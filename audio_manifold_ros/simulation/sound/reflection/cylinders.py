# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Trunks and poles of a street as upright rigid cylinders."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from audio_manifold_ros.common.array_types import FloatArray
from audio_manifold_ros.simulation.scene import Street
from audio_manifold_ros.simulation.sound.occlusion import BAND_HZ
from audio_manifold_ros.simulation.sound.reflection.cylinder_scattering import backscatter_factor

# Energy that bark absorbs. Reethof, Frank and McDaniel (1977) measured 0.02 to 0.1. Poles absorb nothing.
BARK_ABSORPTION = 0.05


@dataclass(frozen=True)
class Cylinders:
    """Upright cylinders. The ground is a mirror, so that a trunk and its image are one long cylinder.

    Trunks and poles are taller than all sources and arrays, so that their heights have no effect.

    Attributes:
        shapes_m: x and y of the axis, and radius (cylinder, 3).
        gains: Amplitude of the reflection relative to geometric reflection in each band of `BAND_HZ` (cylinder, 3).

    """

    shapes_m: FloatArray
    gains: FloatArray

    @classmethod
    def of_street(cls, street: Street, sound_mps: float) -> Cylinders:
        """Return the trunks and poles of a street."""
        trunks = [(tree.x_m, tree.y_m, tree.trunk_radius_m, BARK_ABSORPTION) for tree in street.trees]
        poles = [(*pole.position_m, pole.radius_m, 0.0) for pole in street.poles]
        rows = np.array(trunks + poles, dtype=np.float64).reshape(-1, 4)
        size_parameters = 2 * np.pi / sound_mps * np.multiply.outer(rows[:, 2], np.array(BAND_HZ))
        gains = backscatter_factor(size_parameters) * np.sqrt(1 - rows[:, 3:])
        return cls(np.ascontiguousarray(rows[:, :3]), np.ascontiguousarray(gains))

    def __len__(self) -> int:
        """Return the number of cylinders."""
        return len(self.shapes_m)

    def near(self, track_m: FloatArray, reach_m: float) -> Cylinders:
        """Return the cylinders whose axes are within reach of a place of a track (time, 2), in their order."""
        if not len(self):
            return self
        offsets = self.shapes_m[:, None, :2] - track_m
        is_near = np.min(offsets[..., 0] ** 2 + offsets[..., 1] ** 2, axis=1) < reach_m**2
        return Cylinders(self.shapes_m[is_near], self.gains[is_near])


NO_CYLINDERS = Cylinders(np.empty((0, 3)), np.empty((0, 3)))
