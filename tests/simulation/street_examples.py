# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0

"""Small hand-made streets for acoustic tests."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from audio_manifold_ros.rig.rig import MicrophoneArray
from audio_manifold_ros.simulation.ego import Ego
from audio_manifold_ros.simulation.scene import Facade, Street, Tree, Weather
from audio_manifold_ros.simulation.trajectory import StraightTrajectory
from audio_manifold_ros.simulation.vehicle import Vehicle, VehicleKind

ARRAY = MicrophoneArray.from_yaml(Path(__file__).parents[2] / 'calibration' / 'roof_octagon' / 'mic_array.yaml')
CALM = Weather(20.0, 0.0, 0.0, -40.0, -60.0, 0.5)
SILENT = Ego(StraightTrajectory((0.0, -1.75, 0.0), (0.0, 0.0, 0.0)), 0.0, True, 40.0, 0.0)
DRIVING = Ego(StraightTrajectory((0.0, -1.75, 0.0), (10.0, 0.0, 0.0)), 0.0, False, 40.0, 0.0)
EMPTY = Street(1, 4.0, -4.0, 7.0, -7.0, (), (), (), (), SILENT, CALM)


def car(x_m: float, y_m: float, velocity_mps: float, kind: VehicleKind = VehicleKind.CAR) -> Vehicle:
    motion = StraightTrajectory((x_m, y_m, 0.0), (velocity_mps, 0.0, 0.0), np.pi if (velocity_mps or -y_m) < 0 else 0.0)
    return Vehicle(kind, motion, 4.5, 1.8, 1.5, velocity_mps != 0, False, 0.0, 45.0)


def level_db(samples: np.ndarray) -> float:
    """Return the rms level relative to full scale."""
    return float(20 * np.log10(samples.std()))


BUSY = replace(
    EMPTY,
    seed=7,
    facades=(
        Facade.along_x(1, 8.0, (-40.0, 10.0), 12.0, 10.0, 0.1, 0.2),
        Facade.along_x(1, 9.0, (18.0, 90.0), 12.0, 10.0, 0.1, 0.2),
        Facade.along_x(-1, -9.0, (-50.0, 60.0), 12.0, 10.0, 0.1, 0.3),
    ),
    trees=(Tree(5.0, 6.5, 0.2, 3.0, 2.0, 4.0, False), Tree(20.0, -7.0, 0.2, 3.0, 2.0, 4.0, True)),
    vehicles=(
        car(25.0, 1.75, -12.0),
        car(-20.0, -1.75, 13.0),
        car(50.0, 1.75, -9.0, VehicleKind.TRUCK),
        car(8, -4.8, 0),
    ),
    ego=DRIVING,
    weather=Weather(20.0, 4.0, 1.0, 45.0, -14.0, 0.8),
)
