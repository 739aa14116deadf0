# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from audio_manifold_ros.simulation.scene import Facade
from audio_manifold_ros.simulation.sound.acoustics import StreetAcoustics
from audio_manifold_ros.simulation.vehicle import Vehicle, VehicleKind
from tests.simulation.street_examples import ARRAY, EMPTY, car, level_db

WALLS = (
    Facade.along_x(1, 8.0, (-20.0, 120.0), 12.0, 10.0, 0.05, 0.1),
    Facade.along_x(-1, -8.0, (-20.0, 120.0), 12.0, 10.0, 0.05, 0.1),
)


def render(*vehicles: Vehicle) -> np.ndarray:
    return StreetAcoustics(replace(EMPTY, facades=WALLS[:1], vehicles=vehicles), ARRAY).render(0, 22_500)


def silent(vehicle: Vehicle) -> Vehicle:
    """Return a vehicle that consumes the same random numbers and emits nothing."""
    return replace(vehicle, level_offset_db=-200.0)


def test_a_distant_car_and_its_reflections_remain_next_to_a_near_truck() -> None:
    """The car is 26 dB weaker than the truck. Its sound is that of a street without the truck."""
    distant, truck = car(60.0, -1.75, 12.0), car(9.0, 1.75, -5.0, VehicleKind.TRUCK)
    added = render(distant, truck) - render(silent(distant), truck)
    alone = render(distant, silent(truck)) - render(silent(distant), silent(truck))
    assert level_db(added) == pytest.approx(level_db(alone), abs=0.3)
    assert level_db(added - alone) < level_db(alone) - 15


def test_the_direct_sound_and_four_reflections_of_a_canyon_are_rendered(monkeypatch: pytest.MonkeyPatch) -> None:
    acoustics = StreetAcoustics(replace(EMPTY, facades=WALLS, vehicles=(car(20.0, 1.75, -5.0),)), ARRAY)
    rendered: list[int] = []
    monkeypatch.setattr(acoustics._traffic._sounds[0], 'render', lambda paths, *_: rendered.append(len(paths)))
    acoustics.render(0, 22_500)
    assert rendered == [5]
