# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Image-source method for reflections in vertical walls along the road."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from audio_manifold_ros.common.array_types import FloatArray
from audio_manifold_ros.simulation.scene import Facade
from audio_manifold_ros.simulation.sound.propagation import soft_box

FACADE_EDGE_M = 0.4


@dataclass(frozen=True)
class Wall:
    """Reflecting strip parallel to the road.

    Attributes:
        y_m: Position across the road.
        x_start_m: Start along the road at time zero.
        x_end_m: End along the road at time zero.
        velocity_mps: Velocity along x.
        low_gain: Amplitude of the reflection below the split.
        high_gain: Amplitude of the reflection above the split.
        edge_m: Half of the width in which the reflection fades at the ends.

    """

    y_m: float
    x_start_m: float
    x_end_m: float
    low_gain: float
    high_gain: float
    velocity_mps: float = 0.0
    edge_m: float = FACADE_EDGE_M

    def gate(self, x_m: FloatArray, time_s: FloatArray) -> FloatArray:
        """Return the reflected fraction, 0 to 1, of a reflection at x (…,) at these times (…,)."""
        shift = self.velocity_mps * time_s
        return soft_box(x_m - shift, self.x_start_m, self.x_end_m, self.edge_m)

    def mirror_y_m(self, y_m: float) -> float:
        """Return the y of the mirror image of an object at y."""
        return 2 * self.y_m - y_m

    def reflects(self, source_y_m: float, receiver_y_m: float) -> bool:
        """Return whether source and receiver are on the same side of the wall."""
        return (source_y_m - self.y_m) * (receiver_y_m - self.y_m) > 0

    def specular_x_m(
        self, source_x_m: FloatArray, source_y_m: float, receiver_x_m: FloatArray, receiver_y_m: float
    ) -> FloatArray:
        """Return the position of the reflection along the wall."""
        source, receiver = abs(source_y_m - self.y_m), abs(receiver_y_m - self.y_m)
        return np.asarray(source_x_m + (receiver_x_m - source_x_m) * source / (source + receiver))


def facade_wall(facade: Facade) -> Wall:
    """Return a façade as a mirror.

    It reflects the energy that is not absorbed or scattered. Low bands are scattered less.
    """
    reflected = 1 - facade.absorption
    low = float(np.sqrt(reflected * (1 - 0.3 * facade.scattering)))
    high = float(np.sqrt(reflected * (1 - facade.scattering)))
    return Wall(facade.y_m, facade.x_start_m, facade.x_end_m, low, high)
