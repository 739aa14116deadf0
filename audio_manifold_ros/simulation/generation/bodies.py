# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Random kinds, sizes and engines of vehicles."""

from __future__ import annotations

import bisect
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from audio_manifold_ros.simulation.generation import statistics
from audio_manifold_ros.simulation.trajectory import Trajectory
from audio_manifold_ros.simulation.vehicle import WITHOUT_ENGINE, Vehicle, VehicleKind


@dataclass(frozen=True)
class Body:
    """Kind and size of a vehicle."""

    kind: VehicleKind
    length_m: float
    width_m: float
    height_m: float

    def vehicle(self, rng: np.random.Generator, trajectory: Trajectory, *, is_parked: bool = False) -> Vehicle:
        """Return a vehicle with this body and a random engine."""
        level_db, electric, engine = rng.normal(0, 1.5), rng.random(), rng.random()
        low_hz, high_hz = statistics.FIRING_HZ.get(self.kind, (25.0, 90.0))
        return Vehicle(
            kind=self.kind,
            trajectory=trajectory,
            length_m=self.length_m,
            width_m=self.width_m,
            height_m=self.height_m,
            audible=not is_parked and self.kind not in WITHOUT_ENGINE,
            electric=bool(electric < statistics.ELECTRIC_SHARE.get(self.kind, 0.0)),
            level_offset_db=float(level_db),
            engine_hz=float(low_hz + engine * (high_hz - low_hz)),
        )


def sample_body(rng: np.random.Generator, shares: Mapping[VehicleKind, float]) -> Body:
    """Sample a body. `shares` are probabilities of the kinds."""
    kinds = list(shares)
    bounds = list(accumulate(shares.values()))
    kind = kinds[min(bisect.bisect(bounds, rng.random() * bounds[-1]), len(kinds) - 1)]
    length_m, width_m, height_m = (
        mean + spread * min(max(deviation, -2.0), 2.0)
        for mean, spread, deviation in zip(*statistics.SIZES_M[kind], rng.normal(size=3).tolist(), strict=True)
    )
    return Body(kind, length_m, width_m, height_m)
