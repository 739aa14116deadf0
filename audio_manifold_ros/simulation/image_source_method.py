# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Reflections in vertical walls along the road as image sources."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from audio_manifold_ros.common.array_types import FloatArray
from audio_manifold_ros.simulation.propagation import soft_box
from audio_manifold_ros.simulation.scene import Facade

FACADE_EDGE_M = 0.4


@dataclass(frozen=True)
class Wall:
    """A reflecting strip parallel to the road.

    Attributes:
        y_m: Where it stands.
        x_start_m: Its beginning at time zero.
        x_end_m: Its end at time zero.
        velocity_mps: Along x.
        low_gain: Amplitude of the reflection below the split.
        high_gain: Amplitude of the reflection above.
        edge_m: Half of the width in which the reflection fades at its ends.

    """

    y_m: float
    x_start_m: float
    x_end_m: float
    low_gain: float
    high_gain: float
    velocity_mps: float = 0.0
    edge_m: float = FACADE_EDGE_M

    def gate(self, x_m: FloatArray, time_s: FloatArray) -> FloatArray:
        """Return how much of a reflection at x (…,) at these times (…,) the wall gives back: 0 to 1."""
        shift = self.velocity_mps * time_s
        return soft_box(x_m - shift, self.x_start_m, self.x_end_m, self.edge_m)

    def mirror_y_m(self, y_m: float) -> float:
        """Return where the image of a thing at y stands."""
        return 2 * self.y_m - y_m

    def reflects(self, source_y_m: float, receiver_y_m: float) -> bool:
        """Say whether source and receiver stand on the same side of the wall."""
        return (source_y_m - self.y_m) * (receiver_y_m - self.y_m) > 0

    def specular_x_m(
        self, source_x_m: FloatArray, source_y_m: float, receiver_x_m: FloatArray, receiver_y_m: float
    ) -> FloatArray:
        """Return where along the wall the reflection happens."""
        source, receiver = abs(source_y_m - self.y_m), abs(receiver_y_m - self.y_m)
        return np.asarray(source_x_m + (receiver_x_m - source_x_m) * source / (source + receiver))


def facade_wall(facade: Facade) -> Wall:
    """Return a façade as a mirror: what it neither absorbs nor scatters; low sound is scattered less."""
    reflected = 1 - facade.absorption
    low = float(np.sqrt(reflected * (1 - 0.3 * facade.scattering)))
    high = float(np.sqrt(reflected * (1 - facade.scattering)))
    return Wall(facade.y_m, facade.x_start_m, facade.x_end_m, low, high)
