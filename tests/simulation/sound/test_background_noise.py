# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import replace

import pytest

from audio_manifold_ros.simulation.sound.acoustics import StreetAcoustics
from tests.simulation.street_examples import ARRAY, CALM, EMPTY, level_db


def test_wind_grows_with_the_fourth_power_of_its_speed() -> None:
    def rumble(wind_mps: float) -> float:
        street = replace(EMPTY, weather=replace(CALM, wind_mps=wind_mps))
        return level_db(StreetAcoustics(street, ARRAY).render(0, 22_500))

    assert rumble(8.0) - rumble(4.0) == pytest.approx(12.0, abs=1.0)
