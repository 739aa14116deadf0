# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from audio_manifold_ros.simulation.scene import Facade
from audio_manifold_ros.simulation.sound.acoustics import StreetAcoustics
from audio_manifold_ros.simulation.sound.ego_noise import TYRES_M
from audio_manifold_ros.simulation.sound.reflection.mirror import GROUND_ECHO_GAIN, UNDERBODY_DB
from audio_manifold_ros.simulation.sound.spectra import AIR_DB_PER_M
from tests.simulation.street_examples import ARRAY, DRIVING, EMPTY, SILENT, car, level_db

WALL = Facade.along_x(1, 8.25, (-20.0, 30.0), 12.0, 10.0, 0.05, 0.1)


def test_a_parked_electric_car_is_silent() -> None:
    assert level_db(StreetAcoustics(EMPTY, ARRAY).render(0, 10_000)) < -85


def test_a_driving_car_is_louder_than_an_idling_engine() -> None:
    idle = level_db(StreetAcoustics(replace(EMPTY, ego=replace(SILENT, electric=False)), ARRAY).render(0, 10_000))
    driving = level_db(StreetAcoustics(replace(EMPTY, ego=DRIVING), ARRAY).render(0, 10_000))
    assert -70 < idle < driving - 3
    # The capsules are in wind of 10 m/s. It does not saturate them.
    assert driving < -15


def echo(facades: tuple[Facade, ...], first: int) -> np.ndarray:
    """Return the echo of the tyres at the left microphone."""
    street = replace(EMPTY, ego=replace(DRIVING, electric=True), facades=facades)
    with_wall = StreetAcoustics(street, ARRAY).render(first, 11_250)
    without = StreetAcoustics(replace(street, facades=()), ARRAY).render(first, 11_250)
    return with_wall[2] - without[2]


@pytest.mark.parametrize('mic', [0, 2, 5])
def test_each_tyre_has_its_own_image_with_its_own_delay_at_each_microphone(mic: int) -> None:
    """The echo equals a closed form: the four tyres in front of the façade, mirrored, with spherical spreading."""
    ego = replace(DRIVING, electric=True)
    acoustics = StreetAcoustics(replace(EMPTY, ego=ego, facades=(WALL,)), ARRAY)
    own = acoustics._ego
    paths = own._echoes(np.array([0.0, 0.05]))[0]
    receivers = own._receivers.at(np.zeros(1))
    microphone = receivers.positions_m[1 + mic, 0]
    for part, tyre in enumerate(TYRES_M):
        image = np.array([tyre[0], 2 * 8.25 - (-1.75 + tyre[1]), tyre[2]])
        # The car and its image move by 10 m/s · τ while the sound travels.
        delay = 0.0
        for _ in range(10):
            delay = float(np.linalg.norm(image - [10.0 * delay, 0.0, 0.0] - microphone)) / own._sound_mps
        assert paths.delays_s[part, mic, 0] == pytest.approx(delay, abs=1e-7)
        expected = GROUND_ECHO_GAIN * 0.95**0.5 * 0.9**0.5 / (delay * own._sound_mps)
        facing = 0.6 + 0.4 * float(receivers.facings[mic, 0] @ (image - [10.0 * delay, 0.0, 0.0] - microphone)) / (
            delay * own._sound_mps
        )
        shield = 10 ** (UNDERBODY_DB[1] / 20) if tyre[1] < 0 else 1.0
        air = 10 ** (-AIR_DB_PER_M[0] * delay * own._sound_mps / 20)
        assert paths.high[part, mic, 0] == pytest.approx(expected * facing * shield * air, rel=1e-3)


def test_driving_past_the_end_of_the_facade_ends_the_echo() -> None:
    next_to_wall = echo((WALL,), 0)
    beyond = echo((WALL,), 4 * 22_500)
    assert level_db(next_to_wall) > -75
    assert not beyond.any()


def test_a_parked_car_only_reflects_the_ego_noise() -> None:
    ego = replace(DRIVING, electric=True)
    street = replace(EMPTY, ego=ego, vehicles=(car(5.0, -4.6, 0.0),))
    passing = StreetAcoustics(street, ARRAY).render(9000, 4500)[6]
    alone = StreetAcoustics(replace(street, vehicles=()), ARRAY).render(9000, 4500)[6]
    assert level_db(passing - alone) > level_db(alone) - 20
