# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from audio_manifold_ros.simulation.scene import Facade
from audio_manifold_ros.simulation.sound.acoustics import StreetAcoustics
from tests.simulation.street_examples import ARRAY, DRIVING, EMPTY, SILENT, car, level_db

WALL = Facade.along_x(1, 8.25, (-20.0, 30.0), 12.0, 10.0, 0.05, 0.1)


def test_a_parked_electric_car_is_silent() -> None:
    assert level_db(StreetAcoustics(EMPTY, ARRAY).render(0, 10_000)) < -85


def test_a_driving_car_is_louder_than_an_idling_engine() -> None:
    idle = level_db(StreetAcoustics(replace(EMPTY, ego=replace(SILENT, electric=False)), ARRAY).render(0, 10_000))
    driving = level_db(StreetAcoustics(replace(EMPTY, ego=DRIVING), ARRAY).render(0, 10_000))
    assert -70 < idle < driving - 3
    assert driving < -30


def echo_db(facades: tuple[Facade, ...], first: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the correlation of the echo with the emission at the left microphone, by lag."""
    ego = replace(DRIVING, electric=True)
    street = replace(EMPTY, ego=ego, facades=facades)
    with_wall = StreetAcoustics(street, ARRAY).render(first, 11_250)
    without = StreetAcoustics(replace(street, facades=()), ARRAY).render(first, 11_250)
    difference = with_wall[2] - without[2]
    spectrum = np.fft.rfft(difference, 32_768) * np.fft.rfft(without[2], 32_768).conj()
    return np.fft.irfft(spectrum)[:3000], difference


def test_a_facade_reflects_the_ego_noise_after_twice_its_distance() -> None:
    correlation, _ = echo_db((WALL,), 0)
    lag = np.argmax(np.abs(correlation)) / 22_500
    # The near tyres are 0.78 m left of the centre, their image is behind the wall, the microphone is 0.5 m left.
    there = np.linalg.norm([1.35, 2 * 8.25 - (-1.75 + 0.78) - (-1.75 + 0.5), 1.65])
    here = np.linalg.norm([1.35, 0.78 - 0.5, 1.65])
    assert lag == pytest.approx((there - here) / 343.2, abs=1.5e-3)


def test_driving_past_the_end_of_the_facade_ends_the_echo() -> None:
    _, next_to_wall = echo_db((WALL,), 0)
    _, beyond = echo_db((WALL,), 4 * 22_500)
    assert level_db(next_to_wall) > -75
    assert not beyond.any()


def test_a_parked_car_only_reflects_the_ego_noise() -> None:
    ego = replace(DRIVING, electric=True)
    street = replace(EMPTY, ego=ego, vehicles=(car(5.0, -4.6, 0.0),))
    passing = StreetAcoustics(street, ARRAY).render(9000, 4500)[6]
    alone = StreetAcoustics(replace(street, vehicles=()), ARRAY).render(9000, 4500)[6]
    assert level_db(passing - alone) > level_db(alone) - 20
